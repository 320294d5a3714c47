import { ActionIcon, Kbd, Tooltip, UnstyledButton } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { spotlight } from '@mantine/spotlight';
import {
  IconActivityHeartbeat,
  IconAlertTriangle,
  IconChartLine,
  IconClockExclamation,
  IconKeyboard,
  IconListCheck,
  IconLogs,
  IconMailbox,
  IconMailOff,
  IconRoute,
  IconSearch,
  IconStack2,
  IconTimeline,
} from '@tabler/icons-react';
import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { LanguageSwitch } from './LanguageSwitch.tsx';
import { SearchBox } from './SearchBox.tsx';
import { ShortcutsSheet } from './ShortcutsSheet.tsx';
import { SystemBanner } from './SystemBanner.tsx';
import styles from './shell.module.css';
import { ThemeSwitch } from './ThemeSwitch.tsx';

const NAV = [
  { to: '/', key: 'map', icon: IconRoute },
  { to: '/orders', key: 'orders', icon: IconStack2 },
  { to: '/stuck', key: 'stuck', icon: IconClockExclamation },
  { to: '/failures', key: 'failures', icon: IconAlertTriangle },
  { to: '/queues', key: 'queues', icon: IconMailbox },
  { to: '/dead-letters', key: 'deadLetters', icon: IconMailOff },
  { to: '/traces', key: 'traces', icon: IconTimeline },
  { to: '/logs', key: 'logs', icon: IconLogs },
  { to: '/metrics', key: 'metrics', icon: IconChartLine },
  { to: '/conformance', key: 'conformance', icon: IconListCheck },
  { to: '/system', key: 'system', icon: IconActivityHeartbeat },
] as const;

/** How long after `g` the second key of a jump may come; unit ms. */
const SEQUENCE_MS = 1200;

function useJumps(openSheet: () => void): void {
  const navigate = useNavigate();
  const armedAt = useRef(-Infinity);
  const jump = (to: (typeof NAV)[number]['to']) => (): void => {
    if (performance.now() - armedAt.current < SEQUENCE_MS) void navigate({ to });
  };
  useHotkeys([
    ['/', spotlight.open, { usePhysicalKeys: false }],
    ['shift+?', openSheet],
    ['?', openSheet],
    ['g', () => (armedAt.current = performance.now()), { usePhysicalKeys: true }],
    ['m', jump('/'), { usePhysicalKeys: true }],
    ['o', jump('/orders'), { usePhysicalKeys: true }],
    ['t', jump('/stuck'), { usePhysicalKeys: true }],
    ['f', jump('/failures'), { usePhysicalKeys: true }],
    ['q', jump('/queues'), { usePhysicalKeys: true }],
    ['d', jump('/dead-letters'), { usePhysicalKeys: true }],
    ['r', jump('/traces'), { usePhysicalKeys: true }],
    ['c', jump('/conformance'), { usePhysicalKeys: true }],
    ['s', jump('/system'), { usePhysicalKeys: true }],
  ]);
}

function Brand() {
  const { t } = useTranslation();
  return (
    <Link to="/" className={styles['brand']} aria-label={t('nav.home')}>
      <img src="/favicon.svg" alt="" width={22} height={22} />
      <span className={styles['brandName']}>Waybill</span>
    </Link>
  );
}

/** The frame of every page: navigation, search, language, theme, and what the system has to say. */
export function Shell() {
  const { t } = useTranslation();
  const [sheet, { open, close }] = useDisclosure(false);
  useJumps(open);
  return (
    <div className={styles['shell']}>
      <a className="wb-skip" href="#content">
        {t('app.skip')}
      </a>
      <header className={styles['bar']}>
        <Brand />
        <nav aria-label={t('nav.label')} className={styles['nav']}>
          {NAV.map(({ to, key, icon: Icon }) => (
            <Link
              key={to}
              to={to}
              className={styles['navLink']}
              activeOptions={{ exact: to === '/', includeSearch: false }}
              activeProps={{ 'data-active': true, 'aria-current': 'page' }}
              aria-label={t(`nav.${key}`)}
              title={t(`nav.${key}`)}
              data-testid={`nav-${key}`}
            >
              <Icon size={17} stroke={1.7} aria-hidden />
              <span className={styles['navText']}>{t(`nav.${key}`)}</span>
            </Link>
          ))}
        </nav>
        <UnstyledButton
          className={styles['search']}
          onClick={spotlight.open}
          data-testid="search-open"
          aria-label={t('search.open')}
        >
          <IconSearch size={15} stroke={1.8} aria-hidden />
          <span className={styles['searchText']}>{t('search.placeholder')}</span>
          <Kbd size="xs" className={styles['searchKey'] ?? ''}>
            /
          </Kbd>
        </UnstyledButton>
        <div className={styles['tools']}>
          <Tooltip label={t('keys.open')}>
            <ActionIcon
              variant="subtle"
              color="gray"
              onClick={open}
              aria-label={t('keys.open')}
              className={styles['wideOnly'] ?? ''}
            >
              <IconKeyboard size={18} stroke={1.7} />
            </ActionIcon>
          </Tooltip>
          <LanguageSwitch />
          <ThemeSwitch />
        </div>
      </header>
      <SystemBanner />
      <main id="content" className={styles['main']} tabIndex={-1}>
        <Outlet />
      </main>
      <SearchBox />
      <ShortcutsSheet opened={sheet} onClose={close} />
    </div>
  );
}
