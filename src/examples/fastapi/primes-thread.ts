/** How many primes there are below a number, by trial division: slow, and all of it in the processor. */
export default ({ below }: { below: number }): number => {
  let found = 0
  for (let n = 2; n < below; n++) if (isPrime(n)) found++
  return found
}

const isPrime = (n: number): boolean => {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false
  return true
}
