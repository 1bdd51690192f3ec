import type { RunContext } from '../core/run-context.ts';
import { startTool, type Tool } from './start-tool.ts';

/** Runs a program to its end and returns what it printed. Only for programs that print little. */
export async function readTool(ctx: Pick<RunContext, 'signal'>, tool: Tool): Promise<string> {
  const { stdout } = startTool(ctx, tool);
  let text = '';
  for await (const chunk of stdout as AsyncIterable<Buffer>) text += chunk.toString('utf8');
  return text;
}
