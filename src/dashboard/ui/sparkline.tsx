/** A line as small as a word: how something went, without numbers. */

interface Props {
  readonly values: readonly number[]
  /** What it says to who does not see it. */
  readonly label: string
  readonly width?: number
  readonly height?: number
}

export function Sparkline({ values, label, width = 96, height = 22 }: Props) {
  const most = Math.max(1, ...values)
  const step = width / Math.max(1, values.length - 1)
  const points = values.map((value, n) => {
    const y = height - 1.5 - (value / most) * (height - 3)
    return `${(n * step).toFixed(1)} ${y.toFixed(1)}`
  })
  const isFlat = values.every((value) => value === 0)
  return (
    <svg
      class={isFlat ? 'spark flat' : 'spark'}
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
    >
      <title>{label}</title>
      {points.length > 1 && (
        <>
          {!isFlat && <path class="area" d={`M0 ${height}L${points.join('L')}L${width} ${height}Z`} />}
          <path class="line" d={`M${points.join('L')}`} />
        </>
      )}
    </svg>
  )
}
