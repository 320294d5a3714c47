import { describe, expect, it } from 'vitest';
import { parseStatement, quoteName, quoteText } from './sql-text.ts';

describe('parseStatement', () => {
  it.each([
    ['SELECT 1', 'read'],
    [' -- note\n/* ; */ with x AS (SELECT 1) SELECT * FROM x', 'read'],
    ['(SELECT 1) UNION ALL (SELECT 2)', 'read'],
    ['DROP TABLE t', 'write'],
    ['INSERT INTO t SELECT 1', 'write'],
    ["INSERT INTO t (a, b) VALUES (1, ';'); ", 'write'],
    ['INSERT INTO t (SELECT 1)', 'write'],
    ["INSERT INTO FUNCTION file('x') SELECT 1", 'write'],
  ])('tells what %j is', (sql, kind) => {
    expect(parseStatement(sql).kind).toBe(kind);
  });

  it('takes an INSERT with data apart', () => {
    expect(parseStatement('insert into `my db`."t""1" (a, `b\\`c`) FORMAT JSONEachRow\n{"a":1};\n')).toEqual({
      kind: 'insert',
      database: 'my db',
      table: 't"1',
      columns: ['a', 'b`c'],
      format: 'JSONEachRow',
      inlineData: '{"a":1};\n',
    });
    expect(parseStatement('INSERT INTO t FORMAT Native')).toMatchObject({
      table: 't',
      columns: undefined,
      inlineData: '',
    });
  });

  it.each([
    'SELECT 1; SELECT 2',
    "SELECT 'a\\'; b'; DROP TABLE t",
    'SELECT $a$ ; $a$; SELECT 2',
    'SELECT `;`;;',
    '',
    '-- only a comment',
  ])('refuses %j', (sql) => {
    expect(() => parseStatement(sql)).toThrow('SYNTAX_ERROR');
  });

  it.each([
    "SELECT ';'",
    "SELECT 'it''s; ' ;",
    'SELECT 1 -- ; \n',
    'SELECT /* ; */ 1;\n',
    'SELECT $a$ ; $a$',
    'SELECT "a;b", `c;d`',
  ])('takes %j for one statement', (sql) => {
    expect(parseStatement(sql).kind).toBe('read');
  });

  it('quotes text and names', () => {
    expect(quoteText("a'b\\c")).toBe("'a\\'b\\\\c'");
    expect(quoteName('a`b')).toBe('`a\\`b`');
  });
});
