// What is compared runs in turns: a machine that grows slow in between grows slow for all of them.

/**
 * Runs every contestant once a round; who is first changes from round to round.
 * Returns what each returned, by name, in the order of the rounds.
 */
export async function inTurns(rounds, contestants) {
  const names = Object.keys(contestants)
  const results = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < names.length; turn += 1) {
      const name = names[(round + turn) % names.length]
      results[name].push(await contestants[name]())
    }
  }
  return results
}
