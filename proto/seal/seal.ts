import type { Primitives } from '../crypto/primitives.ts';
import type { Envelope } from '../envelope/envelope-codec.ts';
import { signedString } from '../envelope/signed-string.ts';
import { HASHES } from '../hashes.ts';
import { err, ok, type Result } from '../result.ts';
import { canonical } from './canonical.ts';
import { needleOf, occurrences } from './occurrences.ts';

/** The beginning of a seal. The signed string of a sealed envelope holds it exactly once. */
export const SEAL_MARK = 'rmb.seal2=';
/** The mark and 43 characters: base64url of a SHA-256, without padding. */
export const SEAL_LENGTH = SEAL_MARK.length + 43;

const MARK = needleOf(SEAL_MARK);
/** A whole seal among other tags, with the separators before it. */
const SEAL_TOKEN = /(^|[\s,]+)rmb\.seal2=[A-Za-z0-9_-]{43}(?![^\s,])/g;

type Hash = Pick<Primitives, 'sha256Text'>;

/** Why an envelope cannot be sealed: its signed string would hold the mark a second time. */
export interface MarkInText {
  readonly reason: 'mark-in-text';
}

/** Why a seal is invalid. */
export interface SealFault {
  /**
   * `repeated`: the signed string holds the mark more than once. `misplaced`: the seal is not the last tag. `mismatch`: it
   * is the seal of another envelope.
   */
  readonly reason: 'repeated' | 'misplaced' | 'mismatch';
}

/** Returns a text for people. */
export function sealFaultText({ reason }: SealFault): string {
  switch (reason) {
    case 'repeated':
      return 'the signed text holds more than one seal';
    case 'misplaced':
      return 'the seal is not the last token of the tags';
    case 'mismatch':
      return 'the seal is that of another envelope';
  }
}

/**
 * Returns the envelope with a seal as its last tag, ready to be signed. Removes seals that are in the tags already. Fails
 * if the mark occurs anywhere else in the signed string.
 */
export function addSeal(envelope: Envelope, primitives: Hash = HASHES): Result<Envelope, MarkInText> {
  const { tags: given } = envelope;
  const tags = given === undefined ? undefined : withoutSeals(given);
  const bare = tags === given ? envelope : { ...envelope, tags };
  if (occurrences(signedString(bare), MARK) > 0) return err({ reason: 'mark-in-text' });
  const seal = sealOf(bare, tags, primitives);
  return ok({ ...envelope, tags: tags === undefined ? seal : `${tags},${seal}` });
}

/**
 * Returns whether an envelope is `sealed`, or `unsealed` as of older peers. Fails if a seal is invalid. Does not check the
 * signature: a seal only shows that the signed string was not split again.
 * @param own the seal of the request that the envelope answers. It does not count, because Rust peers copy a request's
 * tags into their errors.
 * @param signed the envelope's signed string, if the caller has it already
 */
export function checkSeal(
  envelope: Envelope,
  own?: string,
  primitives: Hash = HASHES,
  signed: readonly Uint8Array[] = signedString(envelope),
): Result<'sealed' | 'unsealed', SealFault> {
  const all = occurrences(signed, MARK);
  const marks = all === 0 || own === undefined ? all : all - occurrences(signed, needleOf(own));
  if (marks === 0) return ok('unsealed');
  if (marks > 1) return err({ reason: 'repeated' });
  const split = splitSeal(envelope.tags);
  if (split === undefined) return err({ reason: 'misplaced' });
  return sealOf(envelope, split.tags, primitives) === split.seal ? ok('sealed') : err({ reason: 'mismatch' });
}

/** Returns the seal at the end of tags, and the tags without it; undefined without a seal. */
export function splitSeal(tags: string | undefined): { readonly seal: string; readonly tags?: string } | undefined {
  if (tags === undefined) return undefined;
  const from = tags.length - SEAL_LENGTH;
  if (!tags.startsWith(SEAL_MARK, from)) return undefined;
  const seal = tags.slice(from);
  if (from === 0) return { seal };
  return tags[from - 1] === ',' ? { seal, tags: tags.slice(0, from - 1) } : undefined;
}

/** Returns tags without any seal; undefined when nothing is left. */
export function withoutSeals(tags: string): string | undefined {
  if (tags === '') return undefined;
  if (!tags.includes(SEAL_MARK)) return tags;
  const rest = tags.replace(SEAL_TOKEN, '');
  return rest === '' ? undefined : rest;
}

function sealOf(envelope: Envelope, tags: string | undefined, primitives: Hash): string {
  return SEAL_MARK + primitives.sha256Text(canonical(envelope, tags));
}
