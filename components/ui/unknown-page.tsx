import Link from 'next/link';
import { MessagePage } from './message-page.tsx';

export function UnknownPage() {
  return (
    <MessagePage title="There is no such page" action={<Link href="/">Go to the overview</Link>}>
      <p>The address may be mistyped, or the page has moved.</p>
    </MessagePage>
  );
}
