import { isIPv6 } from 'node:net';

/*
 * Writes a small database in the MaxMind DB format, version 2 (https://maxmind.github.io/MaxMind-DB/). It consists of a
 * binary tree over the bits of addresses, the records that the leaves point to, and metadata. The license of MaxMind's own
 * files does not allow us to include them.
 */

/** Returns a database with a record for each network, such as `81.2.69.0/24` or `2001:db8::/32`. */
export function mmdb(records: Readonly<Record<string, object>>): Buffer {
  const root: Node = [undefined, undefined];
  const data: Buffer[] = [];
  let length = 0;
  for (const [network, record] of Object.entries(records)) {
    put(root, prefixOf(network), length);
    const bytes = encoded(record);
    data.push(bytes);
    length += bytes.length;
  }
  const nodes = [...nodesOf(root)];
  const tree = Buffer.concat(nodes.map((node) => treeBytes(node, nodes)));
  const description = {
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    database_type: 'Test-City',
    description: { en: 'made by a test' },
    ip_version: 6,
    languages: ['en', 'de'],
    node_count: nodes.length,
    record_size: 32,
  };
  return Buffer.concat([tree, GAP, ...data, MARK, encoded(description)]);
}

/** The branches for the next bit 0 and 1: another node, the offset of a record in the data, or nothing. */
type Node = [Branch, Branch];
type Branch = Node | number | undefined;

const GAP = Buffer.alloc(16);
const MARK = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');

function put(root: Node, bits: readonly number[], record: number): void {
  let node = root;
  for (const bit of bits.slice(0, -1)) {
    const next = node[bit];
    if (Array.isArray(next)) {
      node = next;
    } else {
      const added: Node = [undefined, undefined];
      node[bit] = added;
      node = added;
    }
  }
  node[bits.at(-1)!] = record;
}

function* nodesOf(node: Node): Iterable<Node> {
  yield node;
  for (const branch of node) if (Array.isArray(branch)) yield* nodesOf(branch);
}

function treeBytes(node: Node, nodes: readonly Node[]): Buffer {
  const bytes = Buffer.alloc(8);
  node.forEach((branch, bit) => bytes.writeUInt32BE(pointer(branch, nodes), 4 * bit));
  return bytes;
}

function pointer(branch: Branch, nodes: readonly Node[]): number {
  if (branch === undefined) return nodes.length;
  return Array.isArray(branch) ? nodes.indexOf(branch) : nodes.length + GAP.length + branch;
}

/** The bits of a network. IPv4 networks are stored under `::/96`. */
function prefixOf(network: string): number[] {
  const [address = '', length = ''] = network.split('/');
  const bits = isIPv6(address) ? bitsOf6(address) : [...Array<number>(96).fill(0), ...bitsOf4(address)];
  return bits.slice(0, bits.length - (isIPv6(address) ? 128 : 32) + Number(length));
}

function bitsOf4(address: string): number[] {
  return address.split('.').flatMap((part) => bitsOf(Number(part), 8));
}

function bitsOf6(address: string): number[] {
  const [head = [], tail = []] = address.split('::').map((half) => half.split(':').filter(Boolean));
  const parts = [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
  return parts.flatMap((part) => bitsOf(parseInt(part, 16), 16));
}

function bitsOf(value: number, length: number): number[] {
  return [...value.toString(2).padStart(length, '0')].map(Number);
}

const TEXT = 2;
const UINT32 = 6;
const MAP = 7;
const ARRAY = 11;

function encoded(value: unknown): Buffer {
  if (typeof value === 'string')
    return Buffer.concat([head(TEXT, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([head(UINT32, 4), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([head(ARRAY, value.length), ...value.map(encoded)]);
  const entries = Object.entries(value as object);
  return Buffer.concat([head(MAP, entries.length), ...entries.flat().map(encoded)]);
}

/** Encodes the type and the length of a value. Supports only lengths below 29. */
function head(type: number, length: number): Buffer {
  if (length >= 29) throw new RangeError(`${length} is too long for this encoder`);
  return type < 8 ? Buffer.from([(type << 5) | length]) : Buffer.from([length, type - 7]);
}
