import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitsPassword, hashPassword, isPasswordHash } from '../../src/config/password.ts'
import { isUserName } from '../../src/config/users.ts'
import { auditable } from '../../src/domain/audit.ts'
import { ExactNumber } from '../../src/domain/json.ts'
import { addressKey, LoginLimit } from '../../src/http/login-limit.ts'
import { httpSettings, openRefusal, openWarning } from '../../src/http/settings.ts'

describe('failed sign-ins', () => {
  const wrong = (limit: LoginLimit, address: string, user: string | undefined, times: number, from = 0): number => {
    let now = from
    for (let n = 0; n < times; n++) {
      now += limit.wait(address, user, now)
      limit.begin(address, user, now)
    }
    return now
  }
  it('are free for the first five, then cost 1 s, 2 s, 4 s, at most 15 min', () => {
    const limit = new LoginLimit()
    const waits: number[] = []
    for (let n = 0, now = 0; n < 18; n++) {
      limit.begin('192.0.2.1', 'ada', now)
      waits.push(limit.wait('192.0.2.1', 'ada', now))
      now += waits.at(-1) ?? 0
    }
    expect(waits.slice(0, 8)).toEqual([0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000])
    expect(waits.at(-1)).toBe(15 * 60_000)
  })
  it('count for the address and for the user, wherever he is tried from', () => {
    const limit = new LoginLimit()
    for (let n = 0; n < 10; n++) limit.begin(`192.0.2.${n}`, 'ada', 0)
    expect(limit.wait('198.51.100.1', 'ada', 0)).toBeGreaterThan(0)
    expect(limit.wait('198.51.100.1', 'bob', 0)).toBe(0)
    wrong(limit, '203.0.113.1', undefined, 10)
    expect(limit.wait('203.0.113.1', 'bob', 0)).toBeGreaterThan(0)
  })
  it('of strangers lock nobody out where he has signed in before', () => {
    const limit = new LoginLimit()
    limit.begin('192.0.2.1', 'ada', 0)
    limit.succeeded('192.0.2.1', 'ada', 0)
    for (let n = 0; n < 10; n++) limit.begin('198.51.100.1', 'ada', 0)
    expect(limit.wait('192.0.2.1', 'ada', 0)).toBe(0)
    expect(limit.wait('203.0.113.9', 'ada', 0)).toBeGreaterThan(0)
  })
  it('who has an account cannot wash his address clean with it', () => {
    const limit = new LoginLimit()
    for (let n = 0; n < 10; n++) {
      limit.begin('192.0.2.1', 'ada', 0)
      limit.begin('192.0.2.1', 'mallory', 0)
      limit.succeeded('192.0.2.1', 'mallory', 0)
    }
    limit.begin('192.0.2.1', 'ada', 0)
    expect(limit.wait('192.0.2.1', undefined, 0)).toBeGreaterThan(0)
  })
  it('are forgotten after an hour', () => {
    const limit = new LoginLimit()
    const now = wrong(limit, '192.0.2.1', 'ada', 12)
    limit.begin('192.0.2.1', 'ada', now + 61 * 60_000)
    expect(limit.wait('192.0.2.1', 'ada', now + 61 * 60_000)).toBe(0)
  })
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:0:1::5', '2001:db8:0:1::/64'],
    ['2001:0DB8:0000:0001:ffff:ffff:ffff:ffff', '2001:db8:0:1::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['socket', 'socket'],
  ])('from %s count for %s', (address, key) => {
    expect(addressKey(address)).toBe(key)
  })
})

describe('what the audit log tells of arguments', () => {
  it.each<[unknown, unknown]>([
    [
      { user: 'ada', password: 'x' },
      { user: 'ada', password: '(hidden)' },
    ],
    [
      { params: { apiKey: 'x', 'api-key': 1, Token: ['x'] } },
      { params: { apiKey: '(hidden)', 'api-key': '(hidden)', Token: '(hidden)' } },
    ],
    [{ set: ['webhook.secret=abc', 'slots=3'] }, { set: ['webhook.secret=(hidden)', 'slots=3'] }],
    [{ to: 'smtp://me:pw@host/' }, { to: 'smtp://me:(hidden)@host/' }],
    [{ a: new ExactNumber('12345678901234567890') }, { a: '12345678901234567890' }],
    [{ a: { b: { c: { d: { e: { f: 1 } } } } } }, { a: { b: { c: { d: { e: '…' } } } } }],
  ])('%j is %j', (given, shown) => {
    expect(auditable(given)).toEqual(shown)
  })
  it('is bounded, whatever they are', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        expect(JSON.stringify(auditable({ value })).length).toBeLessThan(20_000)
      }),
    )
    expect(
      JSON.stringify(auditable({ list: Array.from({ length: 10_000 }, () => 'x'.repeat(1_000)) })).length,
    ).toBeLessThan(9_000)
  })
})

describe('passwords', () => {
  it('fit their own hash and no other, and a user that does not exist has none', async () => {
    const hash = await hashPassword('pässword one')
    expect(isPasswordHash(hash)).toBe(true)
    expect(await fitsPassword('pa\u0308ssword one', hash)).toBe(true)
    expect(await fitsPassword('password one', hash)).toBe(false)
    expect(await fitsPassword('pässword one', undefined)).toBe(false)
  })
  it('are looked at two at a time, and who comes when many wait is told to come again', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, () =>
        fitsPassword('x', '$scrypt$ln=10,r=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA'),
      ),
    )
    expect(answers.filter((answer) => answer === 'busy').length).toBe(6)
  })
  it.each([
    '',
    'x',
    '$scrypt$ln=30,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA',
    '$scrypt$ln=9,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA',
  ])('%j is no hash, or one that would cost too much', (text) => {
    expect(isPasswordHash(text)).toBe(false)
  })
  it.each([
    ['ada', true],
    ['ada@example.org', true],
    ['Ünal', true],
    ['a', true],
    ['token', false],
    ['socket', false],
    ['', false],
    ['.a', false],
    ['a b', false],
    ['a:b', false],
    ['a\n', false],
    ['x'.repeat(65), false],
  ])('the name %j: %j', (name, isOne) => {
    expect(isUserName(name)).toBe(isOne)
  })
})

describe('where others can reach it', () => {
  const of = (http: Parameters<typeof httpSettings>[0], env?: string) => {
    const settings = httpSettings(http, env)
    if (typeof settings === 'string') return settings
    return { refused: openRefusal(settings) !== undefined, warned: openWarning(settings) !== undefined }
  }
  it.each<[Parameters<typeof httpSettings>[0], string | undefined, unknown]>([
    [{}, undefined, { refused: false, warned: false }],
    [{ listen: '[::1]:80' }, undefined, { refused: false, warned: false }],
    [{ listen: '0.0.0.0:80' }, undefined, { refused: true, warned: true }],
    [{}, '0.0.0.0:80', { refused: true, warned: true }],
    [{ listen: 'rq.example:80' }, undefined, { refused: true, warned: true }],
    [{ listen: '0.0.0.0:80', insecure: true }, undefined, { refused: false, warned: true }],
    [{ listen: '0.0.0.0:80', trust_proxy: ['10.0.0.0/8'] }, undefined, { refused: false, warned: true }],
    [{ listen: '0.0.0.0:80', tls: { cert: 'a', key: 'b' } }, undefined, { refused: false, warned: false }],
    [{ trust_proxy: ['10.0.0.0/33'] }, undefined, expect.stringContaining('10.0.0.0/33')],
    [{ trust_proxy: ['1.2.3'] }, undefined, expect.stringContaining('1.2.3')],
  ])('%j, $RQD_HTTP %j: %j', (http, env, expected) => {
    expect(of(http, env)).toEqual(expected)
  })
})
