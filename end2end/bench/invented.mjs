import { withCheckDigit } from '../harness/people.mjs';

/** The invented person of a number, with a valid id number and a mobile number of their own. */
export function invented(number) {
  const two = (value) => String(value).padStart(2, '0');
  const [month, day] = [two(1 + (Math.floor(number / 28_000) % 9)), two(1 + (Math.floor(number / 1000) % 28))];
  return {
    name: '量测人',
    mobile: `1390${String(number).padStart(7, '0')}`,
    idNumber: withCheckDigit(`1101011902${month}${day}${String(number % 1000).padStart(3, '0')}`),
  };
}
