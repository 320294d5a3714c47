// The one barrel of the project: the API's contract, zod in and out, shared by the server and the web application.
export * from './conformance.ts';
export * from './errors.ts';
export * from './failures.ts';
export * from './imports.ts';
export * from './orders.ts';
export * from './primitives.ts';
export * from './statuses.ts';
export * from './system.ts';
export * from './traces.ts';
export * from './transitions.ts';
