// How scripts of this project speak with the test that started them: arguments and lines of JSON.
import { createInterface } from 'node:readline';

export const args = JSON.parse(process.argv[2]);

export const say = (line) => console.log(JSON.stringify(line));

/** Answers each line that is heard, one after the other, until the test closes the input. A failure is an answer, too. */
export async function answerAll(answer) {
  for await (const text of createInterface({ input: process.stdin })) {
    try {
      say(await answer(JSON.parse(text)));
    } catch (error) {
      say({ failed: String(error?.stack ?? error) });
    }
  }
}
