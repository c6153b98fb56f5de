import { spawnSync } from 'node:child_process';

/**
 * The commit that is checked out; null outside a repository.
 * @param {string} root
 */
export function head(root) {
  const { status, stdout } = git(root, 'rev-parse', 'HEAD');
  return status === 0 ? stdout.trim() : null;
}

/**
 * The commit that is checked out, with "-dirty" if files differ from it.
 * @param {string} root
 */
export function commit(root) {
  const checkedOut = head(root);
  if (checkedOut === null) return null;
  return checkedOut + (git(root, 'status', '--porcelain').stdout.trim() === '' ? '' : '-dirty');
}

/**
 * @param {string} root
 * @param {...string} args
 */
function git(root, ...args) {
  return spawnSync('git', args, { cwd: root, encoding: 'utf8' });
}
