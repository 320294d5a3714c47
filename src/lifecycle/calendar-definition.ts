import { z } from 'zod';
import { WaybillError } from '../model/errors.ts';
import { hoursOf, WEEKDAYS, type Weekday, type WorkingCalendar, type WorkingHours } from './dwell/calendar.ts';
import { openZone } from './dwell/zone.ts';

/** Most stretches of work in one day. */
const MAX_STRETCHES = 24;

const STRETCH = /^(\d{1,2}:\d{2})\s*[-–]\s*(\d{1,2}:\d{2})$/;

/** How a finding of this schema names its code and its remedy; `schema-findings.ts` reads them back. */
function refusal(message: string, remedy: string) {
  return { code: 'custom' as const, message, params: { code: 'invalid_calendar', remedy } };
}

/** Why the calendar's own check refuses a part; undefined when it does not. */
function faultOf(check: () => unknown): ReturnType<typeof refusal> | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error;
    return refusal(error.message, error.remedy ?? '');
  }
}

const stretch = z.string().transform((text, context): WorkingHours => {
  const [, from, to] = STRETCH.exec(text.trim()) ?? [];
  if (from !== undefined && to !== undefined) return [from, to];
  context.addIssue(
    refusal(
      `\`${text.slice(0, 40)}\` is not a stretch of the day`,
      'Write the start and the end: `09:00-18:00`; the end of the day is `24:00`.',
    ),
  );
  return z.NEVER;
});

const hours = z
  .array(stretch)
  .max(MAX_STRETCHES)
  .superRefine((stretches, context) => {
    const fault = faultOf(() => hoursOf({ zone: 'UTC', weekly: { monday: stretches } }));
    // The weekday is of no meaning here; the place of the finding says which day it is.
    if (fault !== undefined) context.addIssue({ ...fault, message: fault.message.replace(' of monday', '') });
  });

const date = z.string().superRefine((text, context) => {
  const fault = faultOf(() => hoursOf({ zone: 'UTC', weekly: {}, holidays: [text] }));
  if (fault !== undefined) context.addIssue(fault);
});

const zone = z.string().superRefine((name, context) => {
  const fault = faultOf(() => openZone(name));
  if (fault !== undefined) context.addIssue(fault);
});

const weekday = hours.optional();

/** Working hours as they stand in a definition file: `monday: [09:00-13:00, 14:00-18:00]`. */
export const calendarSchema = z
  .strictObject({
    zone: zone.describe('IANA time zone, e.g. `Europe/Moscow`'),
    weekly: z
      .strictObject({
        monday: weekday,
        tuesday: weekday,
        wednesday: weekday,
        thursday: weekday,
        friday: weekday,
        saturday: weekday,
        sunday: weekday,
      })
      .describe('stretches per weekday, in order and apart; a day that is left out is free'),
    holidays: z.array(date).default([]).describe('free days, `YYYY-MM-DD` in the zone'),
    exceptions: z.record(date, hours).default({}).describe('days with hours of their own; wins over `holidays`'),
  })
  .transform((calendar, context): WorkingCalendar => {
    const weekly: Partial<Record<Weekday, readonly WorkingHours[]>> = {};
    for (const day of WEEKDAYS) {
      const stretches = calendar.weekly[day];
      if (stretches !== undefined && stretches.length > 0) weekly[day] = stretches;
    }
    const read = { ...calendar, weekly };
    const fault =
      Object.keys(weekly).length === 0
        ? refusal('no weekday has working hours', 'Give at least one, or leave `calendar` out.')
        : faultOf(() => hoursOf(read));
    if (fault === undefined) return read;
    context.addIssue({ ...fault, path: ['weekly'] });
    return z.NEVER;
  });
