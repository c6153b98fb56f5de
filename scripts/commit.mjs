import { spawnSync } from 'node:child_process';

/**
 * The commit that is checked out, with "-dirty" where files differ from it; null outside a repository.
 * @param {string} root
 */
export function commit(root) {
  const git = (/** @type {string[]} */ ...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  const { status, stdout } = git('rev-parse', 'HEAD');
  if (status !== 0) return null;
  return stdout.trim() + (git('status', '--porcelain').stdout.trim() === '' ? '' : '-dirty');
}
