// Where files are: paths and file: URLs.

import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { describe, expect, it } from 'vitest';
import { pathOf } from '../../lib/base/file-path';
import { Network } from '../../lib/network/network';
import { layers, randomLabels, randomMatrix, snapshot } from '../network/helpers';
import { type BadCall, itRejects } from '../support/bad-input';
import { newFolder } from '../support/scratch';

const rule = 'Expected path to be a non-empty path without null characters or a file: URL, got';
const bad = (what: string, value: unknown, got: string, error: typeof TypeError = RangeError): BadCall => ({
  what,
  call: () => pathOf('path', value),
  error,
  code: error === TypeError ? 'ERR_BLASNET_ARG_TYPE' : 'ERR_BLASNET_ARG_VALUE',
  message: `${rule} ${got}`,
});

describe('a path or a URL', () => {
  it('is read as node:fs reads it', () => {
    const url = pathToFileURL('/a folder/ü %41#?.safetensors');
    expect(pathOf('path', url)).toBe('/a folder/ü %41#?.safetensors');
    expect(pathOf('path', 'file:///not/a/URL')).toBe('file:///not/a/URL');
    expect(pathOf('path', vm.runInNewContext('path', { path: './model' }))).toBe('./model');
  });

  it('may be a URL of another realm, with the same properties', () => {
    const url = vm.runInNewContext(`({ href: 'file:///a%20b', protocol: 'file:' })`);
    expect(pathOf('path', url)).toBe('/a b');
  });

  itRejects([
    bad('a number', 7, '7 (number)', TypeError),
    bad('nothing', undefined, 'undefined', TypeError),
    bad('null', null, 'null', TypeError),
    bad('a Buffer', Buffer.from('model'), 'a Buffer of length 5', TypeError),
    bad('a string object', Object('model'), 'an object (String)', TypeError),
    bad('an object with an href alone', { href: 'file:///a' }, 'an object (Object)', TypeError),
    bad('an empty string', '', '"" (string)'),
    bad('a null character', 'a\0b', '"a\\u0000b" (string)'),
    bad('a null character in a URL', new URL('file:///a%00b'), '"/a\\u0000b" (string)'),
    bad('a URL that is signed', new URL('https://key:secret@store/model?signature=1'), 'a URL of https:'),
    bad('a URL of data', new URL('data:,model'), 'a URL of data:'),
  ]);

  it.runIf(process.platform !== 'win32')('is refused with the reason for a URL that leads to no path', () => {
    expect(() => pathOf('path', new URL('file://host/model'))).toThrow(
      /^Expected path to be a non-empty path without null characters or a file: URL, got file:\/\/host\/model: /,
    );
    expect(() => pathOf('path', new URL('file:///a%2Fb'))).toThrow(/got file:\/\/\/a%2Fb: .*encoded/);
  });
});

describe('every method that takes a path', () => {
  const make = () => new Network(layers([2, 3, 1], 'relu', 'sigmoid'), { seed: 1 });
  const [X, Y] = [randomMatrix(10, 2, 1), randomLabels(10, 1, 2)];

  it('takes a file: URL, also for names that a URL must escape', async () => {
    const folder = join(newFolder(), 'a % b#?');
    mkdirSync(folder);
    const url = (name: string) => new URL(encodeURIComponent(name), `${pathToFileURL(folder)}/`);
    const net = make();
    await net.save(url('säve'));
    net.saveSync(url('100%'));
    expect(readdirSync(folder).sort()).toEqual(['100%', 'säve']);
    expect(snapshot(await Network.load(url('säve')))).toEqual(snapshot(net));
    expect(snapshot(Network.loadSync(url('100%')))).toEqual(snapshot(net));

    const checkpoint = { directory: url('checkpoints') };
    await net.fit(X, Y, { epochs: 2, checkpoint });
    expect(readdirSync(join(folder, 'checkpoints'))).toHaveLength(2);
    make().fitSync(X, Y, { epochs: 3, checkpoint: { directory: url('others') } });
    const { network } = await Network.resume(url('checkpoints'), X, Y, { epochs: 3, checkpoint });
    expect(readdirSync(join(folder, 'checkpoints'))).toHaveLength(3);
    const twin = make();
    twin.fitSync(X, Y, { epochs: 3 });
    expect(snapshot(network)).toEqual(snapshot(twin));
    const last = new URL(`${url('others')}/checkpoint-000003.safetensors`);
    expect(snapshot(await Network.load(last))).toEqual(snapshot(twin));
  });

  it('refuses a URL of another scheme, and names the argument', async () => {
    const url = new URL('https://host/model');
    const message = (name: string) =>
      `Expected ${name} to be a non-empty path without null characters or a file: URL, got a URL of https:`;
    const error = (name: string) => ({ code: 'ERR_BLASNET_ARG_VALUE', message: message(name) });
    const net = make();
    await expect(net.save(url)).rejects.toMatchObject(error('path'));
    expect(() => net.saveSync(url)).toThrow(message('path'));
    await expect(Network.load(url)).rejects.toMatchObject(error('path'));
    expect(() => Network.loadSync(url)).toThrow(message('path'));
    await expect(Network.resume(url, X, Y, { epochs: 1 })).rejects.toMatchObject(error('path'));
    const before = snapshot(net);
    const options = { epochs: 1, checkpoint: { directory: url } };
    await expect(net.fit(X, Y, options)).rejects.toMatchObject(error('checkpoint.directory'));
    expect(snapshot(net)).toEqual(before);
  });
});
