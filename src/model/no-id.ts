/** The id, as text, of what has no trace: 16 zero bytes, as OTLP has it. */
export const NO_TRACE = '0'.repeat(32);
/** The id, as text, of what has no span, or no parent: 8 zero bytes, as OTLP has it. */
export const NO_SPAN = '0'.repeat(16);
