/**
 * SQL set of the order ids in the parameter `orders`, a JSON text of an array (`JSON.stringify(ids)`), as `order_id IN …` compares them. For
 * thousands of ids: an array parameter becomes a literal of the query, and its analysis then costs more than the reading.
 */
export const ORDERS = "(SELECT arrayJoin(JSONExtract({orders:String}, 'Array(String)')))";
