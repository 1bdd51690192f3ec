'use client';
import { Descriptions } from 'antd';
import type { Role } from '#lib/core/actor.ts';
import { roleWord } from '#lib/client/role-words.ts';
import { SignOutButton } from '#components/shell/sign-out-button.tsx';
import { PageHeader } from '#components/ui/page-header.tsx';
import { Section } from '#components/ui/section.tsx';
import { PasswordForm } from './password-form.tsx';

export function AccountPage({ name, role }: { readonly name: string; readonly role: Role }) {
  return (
    <div className="hf-page hf-page-text">
      <PageHeader title="Account" />
      <Section name="you" title="You" extra={<SignOutButton />}>
        <Descriptions
          column={1}
          colon={false}
          items={[
            { key: 'email', label: 'Email', children: <span className="hf-wrap">{name}</span> },
            { key: 'role', label: 'Role', children: roleWord[role] },
          ]}
        />
      </Section>
      <Section name="password" title="Change password">
        <PasswordForm email={name} />
      </Section>
    </div>
  );
}
