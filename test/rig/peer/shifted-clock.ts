/** Loaded before a program: its machine's clock is off by CLOCK_OFFSET_MS. */
const now = Date.now.bind(Date);
const offset = Number(process.env.CLOCK_OFFSET_MS);
Date.now = () => now() + offset;
