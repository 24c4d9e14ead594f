// What the demo prints: steps with progress, the commands and their real output, and how it all ended.
const HEARTBEAT_MS = 2_000;

export class Narrator {
  private steps = 0;

  constructor(private readonly write: (text: string) => void = (text) => void process.stdout.write(text)) {}

  say(text: string): void {
    this.write(`${text}\n`);
  }

  /** Runs a step; says that it still runs every two seconds, and how long it took. Throws what the step throws. */
  async step<T>(title: string, action: (progress: (line: string) => void) => Promise<T>): Promise<T> {
    const number = ++this.steps;
    const started = performance.now();
    const seconds = () => ((performance.now() - started) / 1000).toFixed(1);
    let detail = title;
    const heartbeat = setInterval(() => this.say(`  … ${detail} (${seconds()} s)`), HEARTBEAT_MS);
    this.say(`\n[${number}] ${title}`);
    try {
      const result = await action((line) => (detail = line));
      this.say(`  ✔ ${seconds()} s`);
      return result;
    } catch (error) {
      this.say(`  ✘ after ${seconds()} s`);
      throw error;
    } finally {
      clearInterval(heartbeat);
    }
  }

  /** A command as a person would type it, and what it printed. */
  output(where: string, command: string, text: string): void {
    const lines = text.trimEnd() === '' ? [] : text.trimEnd().split('\n');
    this.say([`  ${where}$ ${command}`, ...lines.map((line) => `  ${line}`)].join('\n'));
  }
}
