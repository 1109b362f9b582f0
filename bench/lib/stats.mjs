/** The q-quantile of numbers, nearest rank. */
export function quantile(numbers, q) {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))]
}

/** The middle one, or the mean of the two in the middle. */
export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Three significant digits, or all of those before the point. */
export function short(number) {
  if (Math.abs(number) >= 100) return Math.round(number).toLocaleString('en-US')
  return String(Number(number.toPrecision(3)))
}

/** `median [min-max]`. */
export function spread(numbers) {
  if (numbers.length === 1) return short(numbers[0])
  return `${short(median(numbers))} [${short(Math.min(...numbers))}-${short(Math.max(...numbers))}]`
}
