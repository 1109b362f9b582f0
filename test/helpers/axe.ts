/** Is a page accessible, as far as a program can tell (axe-core)? */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Axe {
  run(): Promise<{
    violations: readonly { id: string; help: string; nodes: readonly { html: string; failureSummary?: string }[] }[]
  }>
}

/** A line for each violation: the rule, and the first element that breaks it. Run in the page's own world, past its CSP. */
export async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(SOURCE)
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: Axe }
    const { violations } = await axe.run()
    return violations.map(
      ({ id, help, nodes }) => `${id}: ${help}: ${nodes[0]?.html} ${nodes[0]?.failureSummary ?? ''}`,
    )
  })
}
