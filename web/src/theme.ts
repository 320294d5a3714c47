import { createTheme, Table, Tooltip } from '@mantine/core';

/** Mantine with quieter type, denser controls and a neutral dark palette; meaning colours live in `styles.css`. */
export const theme = createTheme({
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace',
  headings: { fontWeight: '600' },
  primaryColor: 'indigo',
  primaryShade: { light: 7, dark: 5 },
  defaultRadius: 'sm',
  respectReducedMotion: true,
  cursorType: 'pointer',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  colors: {
    dark: [
      '#e3e5eb',
      '#b9bdc9',
      '#a0a6b4',
      '#767c8b',
      '#353943',
      '#292c35',
      '#1e2028',
      '#131419',
      '#0f1014',
      '#0a0b0e',
    ],
    gray: [
      '#f7f8fa',
      '#f0f1f4',
      '#e5e7ec',
      '#d8dbe2',
      '#c6cad3',
      '#9ea4b1',
      '#5f6574',
      '#474c59',
      '#30343e',
      '#1d2027',
    ],
  },
  fontWeights: { regular: '400', medium: '500', bold: '600' },
  components: {
    Table: Table.extend({ defaultProps: { borderColor: 'var(--wb-line)', highlightOnHoverColor: 'var(--wb-hover)' } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 250, multiline: true, maw: 420, fz: 'xs' } }),
  },
});
