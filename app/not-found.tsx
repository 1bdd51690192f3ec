import Link from 'next/link';
import { AlonePage } from '#components/ui/alone-page.tsx';
import { MessagePage } from '#components/ui/message-page.tsx';

export default function NotFound() {
  return (
    <AlonePage>
      <MessagePage title="There is no such page" action={<Link href="/">Go to the overview</Link>}>
        <p>The address may be mistyped, or the page has moved.</p>
      </MessagePage>
    </AlonePage>
  );
}
