import { AlonePage } from '#components/ui/alone-page.tsx';
import { UnknownPage } from '#components/ui/unknown-page.tsx';

export default function NotFound() {
  return (
    <AlonePage>
      <UnknownPage />
    </AlonePage>
  );
}
