import { ActionIcon, Menu, useMantineColorScheme } from '@mantine/core';
import { IconCheck, IconDeviceDesktop, IconMoon, IconSun } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

const SCHEMES = [
  { id: 'light', icon: IconSun },
  { id: 'dark', icon: IconMoon },
  { id: 'auto', icon: IconDeviceDesktop },
] as const;

/** Chooses light, dark, or whatever the system does. */
export function ThemeSwitch() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Current = SCHEMES.find(({ id }) => id === colorScheme)?.icon ?? IconDeviceDesktop;
  return (
    <Menu position="bottom-end" width={170}>
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          data-testid="theme-switch"
          aria-label={`${t('theme.label')}: ${t(`theme.${colorScheme}`)}`}
        >
          <Current size={18} stroke={1.7} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {SCHEMES.map(({ id, icon: Icon }) => (
          <Menu.Item
            key={id}
            onClick={() => setColorScheme(id)}
            data-testid={`theme-${id}`}
            leftSection={<Icon size={15} stroke={1.7} />}
            rightSection={id === colorScheme ? <IconCheck size={14} /> : null}
          >
            {t(`theme.${id}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
