import { field, type TypeTable, variant } from './type-table.ts';

/** Types of every Substrate chain, under the paths by which clients know them. */
export class FrameTypes {
  readonly table: TypeTable;

  constructor(table: TypeTable) {
    this.table = table;
  }

  get bytes(): number {
    return this.table.sequence(this.table.primitive('U8'));
  }

  /** Bytes with a maximum length; each length is a type of its own. */
  boundedBytes(use: string): number {
    const path = 'bounded_collections::bounded_vec::BoundedVec';
    const u8 = this.table.primitive('U8');
    const composite = () => ({ Composite: { fields: [field(null, this.bytes)] } });
    return this.table.put(`${path} ${use}`, composite, path.split('::'), () => [{ name: 'T', type: u8 }]);
  }

  get hash(): number {
    return this.table.composite('primitive_types::H256', () => [field(null, this.table.array(32))]);
  }

  get account(): number {
    return this.table.composite('sp_core::crypto::AccountId32', () => [field(null, this.table.array(32))]);
  }

  get address(): number {
    const { table } = this;
    return table.put(
      'MultiAddress',
      () => ({
        Variant: {
          variants: [
            variant(0, 'Id', [field(null, this.account)]),
            variant(1, 'Index', [field(null, table.compact(table.tuple([])))]),
            variant(2, 'Raw', [field(null, this.bytes)]),
            variant(3, 'Address32', [field(null, table.array(32))]),
            variant(4, 'Address20', [field(null, table.array(20))]),
          ],
        },
      }),
      ['sp_runtime', 'multiaddress', 'MultiAddress'],
      () => [
        { name: 'AccountId', type: this.account },
        { name: 'AccountIndex', type: table.tuple([]) },
      ],
    );
  }

  get signature(): number {
    const { table } = this;
    const scheme = (path: string, length: number) => table.composite(path, () => [field(null, table.array(length))]);
    return table.variants('sp_runtime::MultiSignature', () => [
      variant(0, 'Ed25519', [field(null, scheme('sp_core::ed25519::Signature', 64))]),
      variant(1, 'Sr25519', [field(null, scheme('sp_core::sr25519::Signature', 64))]),
      variant(2, 'Ecdsa', [field(null, scheme('sp_core::ecdsa::Signature', 65))]),
    ]);
  }

  get era(): number {
    return this.table.variants('sp_runtime::generic::era::Era', () => [
      variant(0, 'Immortal'),
      ...Array.from({ length: 255 }, (_, index) =>
        variant(index + 1, `Mortal${index + 1}`, [field(null, this.table.primitive('U8'))]),
      ),
    ]);
  }

  get dispatchInfo(): number {
    const { table } = this;
    const u64 = table.compact(table.primitive('U64'));
    const weight = table.composite('sp_weights::weight_v2::Weight', () => [
      field('ref_time', u64),
      field('proof_size', u64),
    ]);
    const kind = table.variants('frame_support::dispatch::DispatchClass', () =>
      ['Normal', 'Operational', 'Mandatory'].map((name, index) => variant(index, name)),
    );
    const pays = table.variants('frame_support::dispatch::Pays', () => [variant(0, 'Yes'), variant(1, 'No')]);
    return table.composite('frame_support::dispatch::DispatchInfo', () => [
      field('weight', weight),
      field('class', kind),
      field('pays_fee', pays),
    ]);
  }

  get dispatchError(): number {
    const { table } = this;
    const named = (path: string, names: readonly string[]) =>
      table.variants(path, () => names.map((name, index) => variant(index, name)));
    return table.variants('sp_runtime::DispatchError', () => [
      variant(0, 'Other'),
      variant(1, 'CannotLookup'),
      variant(2, 'BadOrigin'),
      variant(3, 'Module', [
        field(
          null,
          table.composite('sp_runtime::ModuleError', () => [
            field('index', table.primitive('U8')),
            field('error', table.array(4)),
          ]),
        ),
      ]),
      variant(4, 'ConsumerRemaining'),
      variant(5, 'NoProviders'),
      variant(6, 'TooManyConsumers'),
      variant(7, 'Token', [field(null, named('sp_runtime::TokenError', ['NoFunds', 'WouldDie', 'BelowMinimum']))]),
      variant(8, 'Arithmetic', [
        field(null, named('sp_arithmetic::ArithmeticError', ['Underflow', 'Overflow', 'DivisionByZero'])),
      ]),
    ]);
  }

  get accountInfo(): number {
    const { table } = this;
    const balance = table.primitive('U128');
    const flags = table.composite('pallet_balances::types::ExtraFlags', () => [field(null, balance)]);
    const data = table.composite('pallet_balances::types::AccountData', () => [
      ...['free', 'reserved', 'frozen'].map((name) => field(name, balance)),
      field('flags', flags),
    ]);
    return table.composite('frame_system::AccountInfo', () => [
      ...['nonce', 'consumers', 'providers', 'sufficients'].map((name) => field(name, table.primitive('U32'))),
      field('data', data),
    ]);
  }
}
