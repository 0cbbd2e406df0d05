import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import { S3Error } from '../s3-error.ts';

/** The content of an element: text, or elements by name. An array repeats an element, and `undefined` omits it. */
export type XmlContent =
  | string
  | number
  | boolean
  | undefined
  | readonly XmlContent[]
  | { readonly [name: string]: XmlContent };

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@' });

// Keys are exact text, so the parser must not trim or parse numbers. Entities use the rule below: the parser's own rule
// drops control characters, which would delete the wrong key.
const parser = new XMLParser({
  ignoreDeclaration: true,
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
  tagValueProcessor: (_name, text) => text.replaceAll(/&(#x[0-9a-f]+|#[0-9]+|\w+);/gi, entity),
  isArray: (name) => ['Object', 'Part', 'Tag'].includes(name),
});

export function xmlOf(root: string, content: { readonly [name: string]: XmlContent }): string {
  const xml = builder.build({ [root]: { '@xmlns': NAMESPACE, ...content } });
  // An XML reader converts a bare carriage return to a line feed and rejects other control characters.
  const escaped = xml.replaceAll(/\p{Cc}/gu, (c) => (c === '\n' || c === '\t' ? c : `&#x${hexOf(c)};`));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${escaped}`;
}

/** Parses the document into plain objects, for a schema to check. @throws S3Error MalformedXML */
export function parseXml(xml: string): unknown {
  try {
    return parser.parse(xml, true) as unknown;
  } catch (error) {
    throw new S3Error('MalformedXML', `The XML you provided was not well-formed: ${String(error)}`);
  }
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function entity(whole: string, name: string): string {
  if (!name.startsWith('#')) return NAMED[name] ?? whole;
  const isHex = name[1]?.toLowerCase() === 'x';
  const code = isHex ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
}

function hexOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
}
