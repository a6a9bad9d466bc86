// Small files to upload, made here so that no binaries lie in the repository. Each is what
// `locator.setInputFiles` takes: { name, mimeType, buffer }.
import { crc32, deflateSync } from './deflate.mjs';

const file = (name, mimeType, buffer) => ({ name, mimeType, buffer });

/** A PNG of one colour (r, g, b). Another colour is another content. */
export function png(name = '照片.png', { width = 320, height = 240, colour = [32, 96, 160], isSharp = false } = {}) {
  // With stripes there is something to be sharp.
  const stripe = isSharp ? [...Array(8).fill(colour), ...Array(8).fill([240, 240, 240])].flat() : colour;
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, Buffer.from(stripe))]);
  const pixels = deflateSync(Buffer.concat(Array.from({ length: height }, () => row)));
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const chunks = [chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))];
  return file(name, 'image/png', Buffer.concat([signature, ...chunks]));
}

function chunk(kind, content) {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), content]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(content.length, 0);
  body.copy(whole, 4);
  whole.writeUInt32BE(crc32(body), body.length + 4);
  return whole;
}

/** A grey baseline JPEG with an EXIF block that names a place, which the server must not keep (R71). */
export function jpeg(name = '证件.jpg', { width = 320, height = 240, grey = 128 } = {}) {
  const two = (number) => [number >> 8, number & 255];
  const segment = (marker, body) => [0xff, marker, ...two(body.length + 2), ...body];
  const exif = [...Buffer.from('Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0 taken at a secret place', 'latin1')];
  // The difference of the first block's mean is written, then "no difference" for all the others.
  const first = Math.round(((grey - 128) * 8) / 8);
  const bits = [];
  const push = (value, length) => {
    for (let at = length - 1; at >= 0; at -= 1) bits.push((value >> at) & 1);
  };
  const size = first === 0 ? 0 : Math.floor(Math.log2(Math.abs(first))) + 1;
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  for (let block = 0; block < blocks; block += 1) {
    const here = block === 0 ? size : 0;
    push(here, 4); // all twelve lengths have codes of four bits, see the table below
    if (here > 0) push(first > 0 ? first : first + (1 << size) - 1, size);
    push(0, 1); // end of block
  }
  while (bits.length % 8 !== 0) bits.push(1);
  const scan = [];
  for (let at = 0; at < bits.length; at += 8) {
    const byte = bits.slice(at, at + 8).reduce((sum, bit) => sum * 2 + bit, 0);
    scan.push(byte);
    if (byte === 0xff) scan.push(0);
  }
  const lengths = (counts) => Array.from({ length: 16 }, (_, at) => counts[at + 1] ?? 0);
  return file(
    name,
    'image/jpeg',
    Buffer.from([
      ...[0xff, 0xd8],
      ...segment(0xe0, [...Buffer.from('JFIF\0', 'latin1'), 1, 1, 0, 0, 1, 0, 1, 0, 0]),
      ...segment(0xe1, exif),
      ...segment(0xdb, [0, ...Array(64).fill(8)]),
      ...segment(0xc0, [8, ...two(height), ...two(width), 1, 1, 0x11, 0]),
      ...segment(0xc4, [0x00, ...lengths({ 4: 12 }), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
      ...segment(0xc4, [0x10, ...lengths({ 1: 1 }), 0]),
      ...segment(0xda, [1, 1, 0, 0, 63, 0]),
      ...scan,
      ...[0xff, 0xd9],
    ]),
  );
}

/** A PDF of one page with one line on it. */
export function pdf(name = '附件.pdf', text = 'attachment') {
  const stream = `BT /F1 24 Tf 72 720 Td (${text}) Tj ET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let whole = '%PDF-1.4\n';
  const places = objects.map((object, at) => {
    const place = whole.length;
    whole += `${at + 1} 0 obj\n${object}\nendobj\n`;
    return place;
  });
  const table = whole.length;
  whole += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`;
  whole += places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`).join('');
  whole += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${table}\n%%EOF\n`;
  return file(name, 'application/pdf', Buffer.from(whole, 'latin1'));
}

/** Says it is a picture and is a page: R71 goes by content. */
export function pretender(name = '假图片.png') {
  return file(name, 'image/png', Buffer.from('<!doctype html><script>alert(1)</script>'));
}

/** A GIF that calls itself a PNG. */
export function renamedGif(name = '动图.png') {
  const pixel = [0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b];
  const head = [...Buffer.from('GIF89a', 'latin1'), 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255];
  return file(name, 'image/png', Buffer.from([...head, ...pixel]));
}

/** A few kilobytes that unpack to gigabytes of pixels. */
export function bomb(name = '炸弹.png') {
  const whole = png(name);
  whole.buffer.writeUInt32BE(60_000, 16);
  whole.buffer.writeUInt32BE(60_000, 20);
  whole.buffer.writeUInt32BE(crc32(whole.buffer.subarray(12, 29)), 29);
  return whole;
}

/** A well-formed PNG of 5 MB and one byte. */
export function tooLarge(name = '过大.png') {
  const whole = png(name);
  const padding = chunk('prVt', Buffer.alloc(5 * 1024 * 1024 + 1 - whole.buffer.length - 12));
  // After the header, where any chunk may stand.
  whole.buffer = Buffer.concat([whole.buffer.subarray(0, 33), padding, whole.buffer.subarray(33)]);
  return whole;
}
