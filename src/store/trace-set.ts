/** SQL set of the trace ids in the parameter `traces`, an array of 32 hexadecimal digits each, as `trace_id IN …` compares them. */
export const TRACES = `(SELECT toFixedString(unhex(arrayJoin({traces:Array(String)})), 16))`;
