import { createTheme, type MantineColorsTuple } from '@mantine/core';

/** Mantine's ten shades of the accent; its own components take their colour from here, ours from
 * tokens.css. */
const accent: MantineColorsTuple = [
  '#e7f7f4',
  '#cdeee7',
  '#9bdccf',
  '#66cab6',
  '#3dbba2',
  '#2fc1a5',
  '#14a38b',
  '#0b7d6b',
  '#086456',
  '#044c41',
];

/** Its greys in the dark, so that dialogs and fields stand on our surfaces. */
const dark: MantineColorsTuple = [
  '#e8ebee',
  '#a7b0bb',
  '#7f8a97',
  '#5a6674',
  '#36404c',
  '#232a33',
  '#1a1f26',
  '#13171c',
  '#0d1014',
  '#0a0d10',
];

export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 7, dark: 5 },
  colors: { accent, dark },
  autoContrast: true,
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontSizes: { xs: '11px', sm: '12px', md: '13px', lg: '15px', xl: '18px' },
});
