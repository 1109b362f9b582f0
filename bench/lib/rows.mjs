// A row of the table: what was measured, what ran beside it, and how it stands to its floor and its goal.
import { median, short, spread } from './stats.mjs'

/**
 * Ours by theirs, round by round. `better` says which way the ratio is to go; without a floor the row only informs.
 * `note` stands in place of the verdict where the figure proves nothing.
 */
export function ratioRow({ work, beside, ours, theirs, unit, better, floor, goal, note }) {
  const ratios = ours.map((value, round) => value / theirs[round])
  return {
    work,
    beside,
    ours: `${spread(ours)} ${unit}`,
    theirs: `${spread(theirs)} ${unit}`,
    ratio: spread(ratios),
    floor: bound(floor, better, 'x'),
    goal: bound(goal, better, 'x'),
    verdict: note ?? verdict(median(ratios), better, floor, goal),
  }
}

/** A value with a limit of its own; what runs beside it only gives the scale. */
export function limitRow({ work, beside = '-', ours, theirs, unit, better = 'less', floor, goal, note }) {
  return {
    work,
    beside,
    ours: `${spread(ours)} ${unit}`,
    theirs: theirs === undefined ? '-' : `${spread(theirs)} ${unit}`,
    ratio: '-',
    floor: bound(floor, better, ` ${unit}`),
    goal: bound(goal, better, ` ${unit}`),
    verdict: note ?? verdict(median(ours), better, floor, goal),
  }
}

/** The row of something that could not be measured. */
export function failedRow(work, error) {
  return {
    work,
    beside: '-',
    ours: '-',
    theirs: '-',
    ratio: '-',
    floor: '-',
    goal: '-',
    verdict: `FAILED: ${error.message.split('\n')[0]}`,
  }
}

function bound(value, better, unit) {
  if (value === undefined) return '-'
  return `${better === 'more' ? '>=' : '<='} ${short(value)}${unit}`
}

function verdict(value, better, floor, goal) {
  const reaches = (limit) => (better === 'more' ? value >= limit : value <= limit)
  if (goal !== undefined && reaches(goal)) return 'goal'
  if (floor === undefined) return goal === undefined ? 'info' : 'short'
  return reaches(floor) ? 'floor' : 'BELOW'
}

const COLUMNS = ['work', 'beside', 'ours', 'theirs', 'ratio', 'floor', 'goal', 'verdict']

/** The rows as a Markdown table whose columns stand straight in a terminal too. */
export function formatTable(rows) {
  const widths = COLUMNS.map((column) => Math.max(column.length, ...rows.map((row) => row[column].length)))
  const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`
  return [
    line(COLUMNS),
    `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`,
    ...rows.map((row) => line(COLUMNS.map((column) => row[column]))),
  ].join('\n')
}
