/** The fault of a text, as the end of a sentence ("it has a path"), and the text to write instead. */
export interface Problem {
  problem: string;
  fix: string;
}

/** A value, or the reason why there is none. Told apart by `'problem' in result`. */
export type Result<Value, Failure extends { problem: string } = Problem> = { value: Value } | Failure;
