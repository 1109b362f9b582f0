import { defineConfig } from 'vite'

/** The pages, into dist/web: every asset under a name that changes with what it holds; nothing from elsewhere. */
export default defineConfig({
  root: 'src/dashboard',
  base: './',
  publicDir: false,
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    assetsDir: 'assets',
    assetsInlineLimit: 0,
    // Which files a page is made of: the server tells browsers before they find out (src/http/pages.ts).
    manifest: 'manifest.json',
    modulePreload: { polyfill: false },
    target: 'es2022',
    reportCompressedSize: true,
  },
  logLevel: 'warn',
})
