'use client';
import { DownloadOutlined, PrinterOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import type { Drill } from '#lib/contracts/drill.ts';
import { recordedProblem } from '#lib/client/problem-error.ts';
import { CommandBlock } from '#components/ui/command-block.tsx';
import { FactList } from '#components/ui/fact-list.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';

/** The signed document: how to get it, and how anybody checks it with a stock tool. */
export function DrillReport({
  id,
  report,
}: {
  readonly id: string;
  readonly report: NonNullable<Drill['report']>;
}) {
  const { filename, sha256, publicKey, keyFingerprint, signatureError } = report;
  const api = `/api/v1/admin/drills/${id}`;
  const isSigned = publicKey !== null;
  return (
    <div className="hf-stack" data-testid="drill-report" data-signed={isSigned}>
      <div className="hf-row hf-no-print">
        <Button
          icon={<DownloadOutlined aria-hidden />}
          href={`${api}/report`}
          download={filename}
          data-testid="download-report"
        >
          Report (JSON)
        </Button>
        {isSigned && (
          <>
            <Button
              icon={<DownloadOutlined aria-hidden />}
              href={`${api}/report/signature`}
              download={`${filename}.sig`}
              data-testid="download-signature"
            >
              Signature
            </Button>
            <Button
              icon={<DownloadOutlined aria-hidden />}
              // Of this report: a newer one may sign by now.
              href={`data:application/x-pem-file,${encodeURIComponent(publicKey)}`}
              download="holdfast-reports.pem"
              data-testid="download-key"
            >
              Public key
            </Button>
          </>
        )}
        <Button
          icon={<PrinterOutlined aria-hidden />}
          onClick={() => {
            window.print();
          }}
        >
          Print this page
        </Button>
      </div>
      {signatureError !== null && (
        <ProblemAlert error={recordedProblem(signatureError)} title="The report is not signed yet" isMild />
      )}
      <FactList
        facts={[
          ['SHA-256', <code key="sha">{sha256}</code>],
          ...(keyFingerprint === null
            ? []
            : [['Signed by key', <code key="key">{keyFingerprint}</code>] as const]),
        ]}
      />
      {isSigned && (
        <div className="hf-stack hf-no-print">
          <p className="hf-muted">
            Anybody who trusts the key can check that not a byte was changed since, with OpenSSL alone:
          </p>
          <CommandBlock
            what="command"
            command={`openssl pkeyutl -verify -pubin -inkey holdfast-reports.pem -rawin -in ${filename} -sigfile ${filename}.sig`}
          />
        </div>
      )}
    </div>
  );
}
