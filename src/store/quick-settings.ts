/**
 * Settings of questions that read little. The engine's newer analyzer takes apart every column of a table that is computed from others, also of
 * those that nobody asked for: for a question to `spans` that is twice the CPU of everything else. Compiling expressions costs more than it
 * saves; besides, the engine does not find skip indexes by the names that compiled expressions have.
 */
export const QUICK = 'enable_analyzer = 0, compile_expressions = 0, max_threads = 1';
