/** What the process of the web cannot do, in words for people. */
export class Refusal extends Error {}
