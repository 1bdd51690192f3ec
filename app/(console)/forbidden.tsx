import Link from 'next/link';
import { MessagePage } from '#components/ui/message-page.tsx';

export default function Forbidden() {
  return (
    <MessagePage title="This page is for administrators" action={<Link href="/">Go to the overview</Link>}>
      <p>
        Your account may look at the overview and the runbook. To see or change backups, ask an administrator
        of this Holdfast to change your role.
      </p>
    </MessagePage>
  );
}
