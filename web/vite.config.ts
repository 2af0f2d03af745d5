import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** The control plane, or `npm run mock`, for `npm run dev`. */
const admin = process.env['OSTIARY_ADMIN'] ?? 'http://127.0.0.1:9099';

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: process.env['OSTIARY_WEB_OUT'] ?? 'target/classes/web',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900,
    modulePreload: { polyfill: false },
    rollupOptions: { input: { index: 'index.html', reference: 'reference.html' } },
  },
  server: { proxy: { '/api': admin } },
  test: {
    environment: 'happy-dom',
    environmentOptions: {
      happyDOM: {
        settings: { disableIframePageLoading: true, handleDisabledFileLoadingAsSuccess: true },
      },
    },
    include: ['**/*.test.{ts,tsx}', 'build/*.test.mjs'],
    exclude: ['node_modules/**', 'target/**'],
    pool: 'threads',
    maxWorkers: 1,
    isolate: false,
  },
});
