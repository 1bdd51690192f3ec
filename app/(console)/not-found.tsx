import { UnknownPage } from '#components/ui/unknown-page.tsx';

/** What a page of the console calls notFound() for: the console stays around it. */
export default function NotFound() {
  return <UnknownPage />;
}
