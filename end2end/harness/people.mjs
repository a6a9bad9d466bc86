// People who are made up.
let people = 0;

/** An invented person nobody has signed in as on this server, with a valid id number. */
export function person(name = '测试人') {
  people += 1;
  const number = String(people).padStart(3, '0');
  // A worker has its own server, so counting is enough; 1901 keeps clear of the samples' birthdays.
  const day = String((people % 28) + 1).padStart(2, '0');
  const idNumber = withCheckDigit(`11010119010${1 + (people % 9)}${day}${number}`);
  return { name, mobile: `1390000${String(people).padStart(4, '0')}`, idNumber };
}

/** Adds the check digit of GB 11643 to the first 17 figures. */
export function withCheckDigit(figures) {
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = weights.reduce((sum, weight, at) => sum + weight * Number(figures[at]), 0);
  return figures + '10X98765432'[sum % 11];
}
