import NextAuth from 'next-auth';
import { authOptions } from '#lib/auth/options.ts';
import { respond } from '#lib/http/respond.ts';

interface Context {
  readonly params: Promise<{ readonly nextauth: readonly string[] }>;
}

const handler = (request: Request, context: Context): Promise<Response> =>
  respond(
    request,
    async () => (await NextAuth(request as never, context as never, authOptions())) as Response,
  );

export { handler as GET, handler as POST };
