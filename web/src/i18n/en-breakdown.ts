/** English texts about what the time in a status consists of. */
export const enBreakdown = {
  breakdown: {
    orderTitle: 'Where the time went',
    statusTitle: 'Where the time goes',
    parts: { external: 'external calls', queue: 'in queues', idle: 'idle' },
    note: 'A service counts while it works itself; a call counts for whoever answers it, or as external where no span answers. Parallel work counts for each service. Idle: nobody worked, called or waited in a queue, as far as spans tell.',
    externals: 'External: {{names}}',
    spans_one: '{{count}} span',
    spans_other: '{{count}} spans',
    anomalies_one: '{{count}} sign of wrong clocks; it counts no time',
    anomalies_other: '{{count}} signs of wrong clocks; they count no time',
    truncated: 'The order has more spans than are read here, so work is missing.',
    nothing: 'No span of this order has arrived, so nobody can say who worked on it.',
    none: 'No visit that ended in this time is broken down yet. That takes spans that belong to the order, and some ten seconds after the end of the visit.',
    average_one: 'average of {{visits}} visit, {{mean}} by the clock · coverage {{coverage}}',
    average_other: 'average of {{visits}} visits, {{mean}} by the clock · coverage {{coverage}}',
  },
} as const;
