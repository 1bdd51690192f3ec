import {
  checkData,
  chooseBackup,
  fetchBackup,
  migrate,
  ownStep,
  startServices,
  switchTraffic,
  verifyApplication,
} from './common-steps.ts';
import { restoreBeside, suspects } from './restore-commands.ts';
import type { RunbookNames } from './runbook-names.ts';
import type { RunbookStep, Scenario } from './runbook-step.ts';

const deploy = (names: RunbookNames): RunbookStep =>
  ownStep(names, 'deploy', {
    id: 'deploy',
    title: 'Clone the repository and install its packages',
    text: 'The application, in the version that ran before. Holdfast the same way: its README tells how.',
  });

const restoreFiles = (names: RunbookNames): RunbookStep =>
  ownStep(names, 'restoreFiles', {
    id: 'restore-files',
    title: 'Restore uploaded files',
    text: 'From S3 or wherever their copies are kept: they are not in the database backup.',
  });

const restoreConfiguration = (names: RunbookNames): RunbookStep =>
  ownStep(names, 'restoreConfiguration', {
    id: 'restore-configuration',
    title: 'Configure environment variables',
    text: 'Of the application and of Holdfast, from where you keep them sealed: they are in no database backup. Without HOLDFAST_SECRET what the catalogue holds sealed must be entered anew.',
  });

const restoreNew = (names: RunbookNames): RunbookStep => ({
  id: 'restore-database',
  title: 'Restore the database',
  text: `Into ${names.database}, which must not exist yet on the new server. Where roles are missing it prints the lines that create them. Every table is compared with the manifest.`,
  commands: [restoreBeside(names, true, true)],
});

const install = (id: string, title: string): RunbookStep => ({
  id,
  title,
  text: 'PostgreSQL in the version that was there or later, Redis, Node.js, and what opens the archives. Debian’s names; take your own system’s.',
  commands: ['apt-get update && apt-get install --yes nodejs npm postgresql redis-server zstd age awscli'],
});

export const serverFailure = (names: RunbookNames): Scenario => ({
  id: 'server-failure',
  title: 'Complete server failure',
  estimate: '60-90 minutes',
  symptoms: [
    'The server does not answer, or does not boot',
    'Its disk is lost',
    'All containers exited and cannot be started again',
  ],
  decision:
    'If the server may be back within half an hour, wait and watch. If its disk may be whole, keep it and touch nothing on it. Otherwise build a new one beside it.',
  steps: [
    {
      id: 'provision',
      title: 'Provision a new server',
      text: 'Of the same size or larger, with a disk that holds three times the database.',
      commands: [],
    },
    install('install', 'Install dependencies'),
    deploy(names),
    fetchBackup(names, true),
    restoreNew(names),
    restoreFiles(names),
    restoreConfiguration(names),
    migrate(names),
    startServices(names),
    verifyApplication(names),
    switchTraffic,
  ],
});

export const clusterLoss = (names: RunbookNames): Scenario => ({
  id: 'cluster-loss',
  title: 'Loss of the whole cluster',
  estimate: '2-4 hours',
  symptoms: ['All nodes are lost: hardware failure, or the data centre is down'],
  decision:
    'Is the data centre coming back, and when? Decide within 30 minutes and tell everybody. Bring back in this order: PostgreSQL, Redis, volumes, queues, object storage.',
  steps: [
    {
      id: 'provision',
      title: 'Provision new infrastructure',
      text: 'Elsewhere: another data centre or provider.',
      commands: [],
    },
    {
      id: 'initialize',
      title: 'Initialize the cluster on the new nodes',
      text: 'Docker Swarm, Kubernetes or plain servers: network, secrets and storage first, then the nodes that hold the database.',
      commands: [],
    },
    install('install', 'Install dependencies where the database will run'),
    chooseBackup(names, true),
    fetchBackup(names, true),
    restoreNew(names),
    restoreConfiguration(names),
    deploy(names),
    restoreFiles(names),
    migrate(names),
    startServices(names),
    checkData(names),
    verifyApplication(names),
    switchTraffic,
  ],
});

export const ransomware = (names: RunbookNames): Scenario => ({
  id: 'ransomware',
  title: 'Ransomware',
  estimate: '4 hours',
  symptoms: [
    'Files or tables are encrypted or deleted, with a note',
    'Accounts or keys were used by strangers',
  ],
  decision:
    'Isolate first, ask later. Do not pay, do not delete anything, do not restore onto a machine that was touched. Call whoever leads incidents, and those the law wants to be told.',
  steps: [
    {
      id: 'isolate',
      title: 'Isolate the infrastructure',
      text: 'Disconnect the network of every machine that may be touched; leave them switched on for the investigation. Revoke the keys to backups and cloud accounts, from a clean machine.',
      commands: [],
    },
    {
      id: 'find-the-day',
      title: 'Find out since when',
      text: 'A backup taken after the intrusion may carry it. Take the newest one from before, even if it is older than the newest proven one.',
      commands: [],
    },
    install('install', 'Prepare a clean recovery environment'),
    chooseBackup(names, true),
    fetchBackup(names, true),
    restoreNew(names),
    {
      id: 'no-malware',
      title: 'Verify that nothing hostile came along',
      text: 'Functions, triggers, event triggers, extensions and superusers that nobody of yours made; then the application’s own accounts and keys.',
      commands: [suspects(names)],
    },
    checkData(names),
    {
      id: 'new-secrets',
      title: 'Change every password and key',
      text: 'Database roles, application secrets, S3 keys, HOLDFAST_SECRET, users and API tokens of Holdfast, and the age key pair for new backups.',
      commands: [],
    },
    deploy(names),
    restoreFiles(names),
    restoreConfiguration(names),
    migrate(names),
    startServices(names),
    verifyApplication(names),
    switchTraffic,
  ],
});
