import type { ObjectKind } from '../../contracts/facts.ts';

export interface ObjectScope {
  /** Oids of the dumped tables where only those are dumped; null: the whole database. */
  readonly chosen: readonly number[] | null;
  /** Oids of tables that are there and not dumped. */
  readonly excluded: readonly number[];
  readonly isSchemaOnly: boolean;
  /** The server's: the catalogues differ. */
  readonly major: number;
}

/** Kinds of which a dump of chosen tables carries what belongs to these. */
export const KINDS_OF_TABLES: readonly ObjectKind[] = [
  'table-properties',
  'sequence-properties',
  'columns',
  'indexes',
  'constraints',
  'triggers',
  'rules',
  'policies',
  'row-security',
  'inheritance',
  'comments',
  'owners',
  'grants',
];

const oids = (list: readonly number[]): string => `'{${list.join(',')}}'::oid[]`;

const isMember = (catalog: string, oid: string): string =>
  `exists (select from pg_depend e where e.classid = '${catalog}'::regclass and e.objid = ${oid} and e.deptype = 'e')`;

const isOurs = (catalog: string, oid: string): string => `${oid} >= 16384 and not ${isMember(catalog, oid)}`;

const isUserSchema = (name: string): string => `${name} <> 'information_schema' and ${name} !~ '^pg_'`;

/** Types that stand alone: no row types, no arrays, no multiranges. */
const STANDALONE_TYPE = `t.typtype <> 'm'
  and (t.typrelid = 0 or (select c.relkind = 'c' from pg_class c where c.oid = t.typrelid))
  and not exists (select from pg_type te where te.oid = t.typelem and te.typarray = t.oid)`;

/** What a dump carries of pg_class: `rel` are tables, views, sequences; `idx` the indexes of those. */
function relations(scope: ObjectScope): string {
  const isDumped =
    scope.chosen === null
      ? `c.oid <> all(${oids(scope.excluded)})
         and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
           and d.refclassid = 'pg_class'::regclass and d.deptype = 'i' and c.relkind = 'S' and d.refobjid = any(${oids(scope.excluded)}))`
      : `(c.oid = any(${oids(scope.chosen)})
         or exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
           and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i') and c.relkind = 'S' and d.refobjid = any(${oids(scope.chosen)})))`;
  return `
    rel as materialized (
      select c.*, c.oid as relid, format('%I.%I', n.nspname, c.relname) as fullname
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'f', 'v', 'm', 'S') and c.relpersistence <> 't' and ${isUserSchema('n.nspname')}
        and not ${isMember('pg_class', 'c.oid')} and ${isDumped}),
    idx as materialized (
      select i.*, c.relname, c.relkind, rel.fullname from pg_index i join rel on rel.relid = i.indrelid join pg_class c on c.oid = i.indexrelid
      where i.indisvalid or c.relkind = 'I')`;
}

/** Everything that has an owner: its catalogue, number, owner, grants, and the letter \`acldefault\` knows its kind by. */
function owned(scope: ObjectScope): string {
  const relationsOwned = `select 'pg_class'::regclass::oid as classid, relid as objid, relowner as owner, relacl as acl,
      case relkind when 'S' then 's' else 'r' end::"char" as kind from rel`;
  if (scope.chosen !== null) return `own as (${relationsOwned})`;
  const inSchema = (catalog: string, prefix: string, acl: string): string =>
    `select '${catalog}'::regclass::oid, o.oid, o.${prefix}owner, ${acl} from ${catalog} o join pg_namespace n on n.oid = o.${prefix}namespace
     where ${isUserSchema('n.nspname')} and ${isOurs(catalog, 'o.oid')}`;
  const free = (catalog: string, prefix: string, acl: string): string =>
    `select '${catalog}'::regclass::oid, o.oid, o.${prefix}owner, ${acl} from ${catalog} o where ${isOurs(catalog, 'o.oid')}`;
  const none = 'null::aclitem[], null::"char"';
  return `own as (${[
    relationsOwned,
    `select 'pg_namespace'::regclass::oid, n.oid, n.nspowner, n.nspacl, 'n'::"char" from pg_namespace n
     where ${isUserSchema('n.nspname')} and not ${isMember('pg_namespace', 'n.oid')}`,
    `${inSchema('pg_proc', 'pro', `o.proacl, 'f'::"char"`)}
     and not exists (select from pg_depend i where i.classid = 'pg_proc'::regclass and i.objid = o.oid and i.deptype = 'i')`,
    `select 'pg_type'::regclass::oid, t.oid, t.typowner, t.typacl, 'T'::"char" from pg_type t join pg_namespace n on n.oid = t.typnamespace
     where ${isUserSchema('n.nspname')} and ${isOurs('pg_type', 't.oid')} and ${STANDALONE_TYPE}`,
    inSchema('pg_operator', 'opr', none),
    inSchema('pg_opclass', 'opc', none),
    inSchema('pg_opfamily', 'opf', none),
    inSchema('pg_collation', 'coll', none),
    inSchema('pg_conversion', 'con', none),
    inSchema('pg_ts_dict', 'dict', none),
    inSchema('pg_ts_config', 'cfg', none),
    `select 'pg_statistic_ext'::regclass::oid, o.oid, o.stxowner, ${none} from pg_statistic_ext o join rel on rel.relid = o.stxrelid`,
    free('pg_language', 'lan', `o.lanacl, 'l'::"char"`),
    free('pg_foreign_data_wrapper', 'fdw', `o.fdwacl, 'F'::"char"`),
    free('pg_foreign_server', 'srv', `o.srvacl, 'S'::"char"`),
    free('pg_event_trigger', 'evt', none),
    free('pg_publication', 'pub', none),
    ...(scope.isSchemaOnly
      ? []
      : [
          `select 'pg_largeobject'::regclass::oid, o.oid, o.lomowner, o.lomacl, 'L'::"char" from pg_largeobject_metadata o`,
        ]),
  ].join(' union all ')})`;
}

/** A set of grants as sorted words; the owner has no name in it, which is a fact of its own. */
const aclWords = (acl: string, owner: string): string => `array(
  select w.word from (
    select concat(${roleWord('e.grantee', owner)}, ':', e.privilege_type, case when e.is_grantable then '*' end, '/', ${roleWord('e.grantor', owner)}) as word
    from aclexplode(${acl}) e) w order by w.word collate "C")`;

const roleWord = (role: string, owner: string): string =>
  `case ${role} when 0 then 'PUBLIC' when ${owner} then '(owner)' else pg_get_userbyid(${role}) end`;

const aclRoles = (acl: string): string => `array_to_json(array(
  select pg_get_userbyid(r) from aclexplode(${acl}) e, unnest(array[e.grantee, e.grantor]) r where r <> 0))`;

const identity = (classid: string, objid: string, subid = '0'): string =>
  `(select i.type || ' ' || i.identity from pg_identify_object(${classid}, ${objid}, ${subid}) i)`;

/** The relation that an object of a catalogue belongs to; null: none. */
const RELATION_OF = `case d.classoid
  when 'pg_class'::regclass then coalesce((select x.indrelid from pg_index x where x.indexrelid = d.objoid), d.objoid)
  when 'pg_constraint'::regclass then (select nullif(x.conrelid, 0) from pg_constraint x where x.oid = d.objoid)
  when 'pg_trigger'::regclass then (select x.tgrelid from pg_trigger x where x.oid = d.objoid)
  when 'pg_rewrite'::regclass then (select x.ev_class from pg_rewrite x where x.oid = d.objoid)
  when 'pg_policy'::regclass then (select x.polrelid from pg_policy x where x.oid = d.objoid)
  when 'pg_statistic_ext'::regclass then (select x.stxrelid from pg_statistic_ext x where x.oid = d.objoid)
end`;

/** Options of servers may be secret; of those of a mapping only the names are told. */
const optionNames = (options: string): string =>
  `array(select split_part(o, '=', 1) from unnest(${options}) o order by 1)`;

/**
 * By kind one query for \`name\`, \`def\` (text, hashed before it is kept), and where there are any \`note\` and \`roles\`.
 * Every name is qualified, and nothing that a dump does not carry is in a definition.
 */
export function objectQueries(scope: ObjectScope): Readonly<Record<ObjectKind, string>> {
  const withRelations = `with ${relations(scope)}`;
  return {
    schemas: `select format('%I', n.nspname) as name, '' as def from pg_namespace n
      where n.nspname <> 'public' and ${isUserSchema('n.nspname')} and not ${isMember('pg_namespace', 'n.oid')}`,
    extensions: `select format('%I', x.extname) as name, concat_ws(' ', x.extname, n.nspname) as def, x.extversion as note
      from pg_extension x join pg_namespace n on n.oid = x.extnamespace where x.oid >= 16384`,
    types: `select format_type(t.oid, null) as name, concat_ws(E'\\n', t.typtype, t.typisdefined,
        (select string_agg(quote_literal(e.enumlabel), ',' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
        case when t.typtype = 'd' then concat_ws(' ', format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault,
          case when t.typcollation <> 0 then t.typcollation::regcollation::text end) end,
        (select concat_ws(' ', format_type(r.rngsubtype, null), o.opcname, case when r.rngcollation <> 0 then r.rngcollation::regcollation::text end,
            r.rngcanonical, r.rngsubdiff, format_type((to_jsonb(r)->>'rngmultitypid')::oid, null))
          from pg_range r join pg_opclass o on o.oid = r.rngsubopc where r.rngtypid = t.oid),
        (select string_agg(concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
            case when a.attcollation <> at.typcollation then a.attcollation::regcollation::text end), ',' order by a.attnum)
          from pg_attribute a join pg_type at on at.oid = a.atttypid
          where a.attrelid = nullif(t.typrelid, 0) and a.attnum > 0 and not a.attisdropped),
        case when t.typtype = 'b' then concat_ws(' ', t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout, t.typanalyze,
          to_jsonb(t)->>'typsubscript', t.typlen, t.typbyval, t.typcategory, t.typispreferred, t.typdelim,
          format_type(nullif(t.typelem, 0), null), t.typalign, t.typstorage, t.typdefault, t.typcollation <> 0) end) as def
      from pg_type t join pg_namespace n on n.oid = t.typnamespace
      where ${isUserSchema('n.nspname')} and ${isOurs('pg_type', 't.oid')} and ${STANDALONE_TYPE}`,
    collations: `select format('%I.%I', n.nspname, c.collname) as name,
        (to_jsonb(c) - array['oid', 'collname', 'collnamespace', 'collowner', 'collversion'])::text as def
      from pg_collation c join pg_namespace n on n.oid = c.collnamespace
      where ${isUserSchema('n.nspname')} and ${isOurs('pg_collation', 'c.oid')}`,
    'table-properties': `${withRelations} select rel.fullname as name, concat_ws(E'\\n', rel.relkind, rel.relpersistence,
        array(select o from unnest(rel.reloptions) o order by 1), (select array(select o from unnest(t.reloptions) o order by 1) from pg_class t where t.oid = rel.reltoastrelid),
        rel.relreplident, (select am.amname from pg_am am where am.oid = rel.relam), pg_get_partkeydef(rel.relid),
        case when rel.reloftype <> 0 then format_type(rel.reloftype, null) end) as def
      from rel where rel.relkind in ('r', 'p')`,
    'sequence-properties': `${withRelations} select rel.fullname as name, concat_ws(' ', format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
        rel.relpersistence, (select concat_ws(' ', d.deptype, o.fullname, a.attname) from pg_depend d join rel o on o.relid = d.refobjid
          join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
          where d.classid = 'pg_class'::regclass and d.objid = rel.relid and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i'))) as def
      from rel join pg_sequence s on s.seqrelid = rel.relid`,
    columns: `${withRelations} select format('%s.%I', rel.fullname, a.attname) as name, concat_ws(E'\\n', format_type(a.atttypid, a.atttypmod), a.attnotnull,
        pg_get_expr(ad.adbin, ad.adrelid), a.attidentity, a.attgenerated,
        case when a.attcollation <> t.typcollation then a.attcollation::regcollation::text end,
        case when rel.relkind <> 'v' then concat_ws(' ', a.attstorage, to_jsonb(a)->>'attcompression', coalesce(a.attstattarget, -1),
          array(select o from unnest(a.attoptions) o order by 1), array(select o from unnest(a.attfdwoptions) o order by 1)) end) as def
      from rel join pg_attribute a on a.attrelid = rel.relid and a.attnum > 0 and not a.attisdropped
      join pg_type t on t.oid = a.atttypid
      left join pg_attrdef ad on ad.adrelid = a.attrelid and ad.adnum = a.attnum
      where rel.relkind <> 'S'`,
    indexes: `${withRelations} select format('%s.%I', idx.fullname, idx.relname) as name, concat_ws(E'\\n', pg_get_indexdef(idx.indexrelid), idx.indisclustered, idx.indisreplident,
        (select string_agg(concat(a.attnum, ' ', coalesce(a.attstattarget, -1)), ',' order by a.attnum) from pg_attribute a where a.attrelid = idx.indexrelid and coalesce(a.attstattarget, -1) >= 0)) as def,
        case when not idx.indisvalid then 'not valid' end as note
      from idx`,
    constraints: `${withRelations} select concat(coalesce(rel.fullname, format_type(c.contypid, null)), '.', quote_ident(c.conname)) as name,
        pg_get_constraintdef(c.oid) as def, case when not c.convalidated then 'not valid' end as note
      from pg_constraint c left join rel on rel.relid = c.conrelid
      where c.contype in ('c', 'f', 'p', 'u', 'x') and not (c.contype = 'f' and c.conparentid <> 0)
        and (rel.relid is not null ${
          scope.chosen === null
            ? `or (c.contypid <> 0 and exists (select from pg_type t join pg_namespace n on n.oid = t.typnamespace
                 where t.oid = c.contypid and ${isUserSchema('n.nspname')} and ${isOurs('pg_type', 't.oid')}))`
            : ''
        })`,
    views: `${withRelations} select rel.fullname as name, concat_ws(E'\\n', pg_get_viewdef(rel.relid), array(select o from unnest(rel.reloptions) o order by 1)) as def
      from rel where rel.relkind = 'v'`,
    'materialized-views': `${withRelations} select rel.fullname as name, concat_ws(E'\\n', pg_get_viewdef(rel.relid), array(select o from unnest(rel.reloptions) o order by 1),
        (select am.amname from pg_am am where am.oid = rel.relam)${scope.isSchemaOnly ? '' : ', rel.relispopulated'}) as def
      from rel where rel.relkind = 'm'`,
    'foreign-tables': `${withRelations} select rel.fullname as name, concat_ws(E'\\n', s.srvname, f.ftoptions) as def
      from rel join pg_foreign_table f on f.ftrelid = rel.relid join pg_foreign_server s on s.oid = f.ftserver`,
    'foreign-servers': `select 'wrapper ' || quote_ident(w.fdwname) as name, concat_ws(E'\\n', nullif(w.fdwhandler, 0)::regprocedure, nullif(w.fdwvalidator, 0)::regprocedure, w.fdwoptions) as def,
        '[]'::json as roles
      from pg_foreign_data_wrapper w where ${isOurs('pg_foreign_data_wrapper', 'w.oid')}
      union all select 'server ' || quote_ident(s.srvname), concat_ws(E'\\n', w.fdwname, s.srvtype, s.srvversion, s.srvoptions), '[]'
      from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw where ${isOurs('pg_foreign_server', 's.oid')}
      union all select concat('mapping of ', case when u.umuser = 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(u.umuser)) end, ' on ', quote_ident(u.srvname)),
        ${optionNames('u.umoptions')}::text, case when u.umuser = 0 then '[]' else json_build_array(pg_get_userbyid(u.umuser)) end
      from pg_user_mappings u where ${isOurs('pg_foreign_server', 'u.srvid')}`,
    functions: `select p.oid::regprocedure::text as name, case when p.prokind <> 'a' then pg_get_functiondef(p.oid) else
        (select concat_ws(E'\\n', pg_get_function_arguments(p.oid), a.aggkind, a.aggnumdirectargs, a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn,
          a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn, a.aggfinalextra, a.aggmfinalextra, a.aggfinalmodify, a.aggmfinalmodify,
          nullif(a.aggsortop, 0)::regoperator, format_type(a.aggtranstype, null), a.aggtransspace, format_type(nullif(a.aggmtranstype, 0), null), a.aggmtransspace,
          a.agginitval, a.aggminitval, p.proparallel) from pg_aggregate a where a.aggfnoid = p.oid) end as def
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where ${isUserSchema('n.nspname')} and ${isOurs('pg_proc', 'p.oid')}
        and not exists (select from pg_depend i where i.classid = 'pg_proc'::regclass and i.objid = p.oid and i.deptype = 'i')`,
    languages: `select format('%I', l.lanname) as name, concat_ws(' ', l.lanpltrusted, nullif(l.lanplcallfoid, 0)::regprocedure, nullif(l.laninline, 0)::regprocedure, nullif(l.lanvalidator, 0)::regprocedure) as def
      from pg_language l where l.lanispl and ${isOurs('pg_language', 'l.oid')}`,
    operators: `select 'operator ' || o.oid::regoperator::text as name, concat_ws(' ', o.oprkind, o.oprcode::regprocedure, o.oprcanmerge, o.oprcanhash, nullif(o.oprcom, 0)::regoperator,
        nullif(o.oprnegate, 0)::regoperator, o.oprrest, o.oprjoin) as def
      from pg_operator o join pg_namespace n on n.oid = o.oprnamespace where o.oprcode <> 0 and ${isUserSchema('n.nspname')} and ${isOurs('pg_operator', 'o.oid')}
      union all select format('class %I.%I using %I', n.nspname, c.opcname, am.amname), concat_ws(' ', format_type(c.opcintype, null), format_type(nullif(c.opckeytype, 0), null), c.opcdefault, fn.nspname, f.opfname)
      from pg_opclass c join pg_namespace n on n.oid = c.opcnamespace join pg_am am on am.oid = c.opcmethod join pg_opfamily f on f.oid = c.opcfamily join pg_namespace fn on fn.oid = f.opfnamespace
      where ${isUserSchema('n.nspname')} and ${isOurs('pg_opclass', 'c.oid')}
      union all select format('family %I.%I using %I', n.nspname, f.opfname, am.amname), concat_ws(E'\\n',
        (select string_agg(word, ',' order by word collate "C") from (select concat_ws(' ', a.amopstrategy, a.amopopr::regoperator, a.amoppurpose, (select s.opfname from pg_opfamily s where s.oid = a.amopsortfamily)) as word from pg_amop a where a.amopfamily = f.oid) w),
        (select string_agg(word, ',' order by word collate "C") from (select concat_ws(' ', a.amprocnum, format_type(a.amproclefttype, null), format_type(a.amprocrighttype, null), a.amproc::regprocedure) as word from pg_amproc a where a.amprocfamily = f.oid) w))
      from pg_opfamily f join pg_namespace n on n.oid = f.opfnamespace join pg_am am on am.oid = f.opfmethod where ${isUserSchema('n.nspname')} and ${isOurs('pg_opfamily', 'f.oid')}`,
    casts: `select format('cast (%s as %s)', format_type(c.castsource, null), format_type(c.casttarget, null)) as name, concat_ws(' ', nullif(c.castfunc, 0)::regprocedure, c.castcontext, c.castmethod) as def
      from pg_cast c where ${isOurs('pg_cast', 'c.oid')}
      union all select format('transform for %s language %I', format_type(t.trftype, null), l.lanname), concat_ws(' ', nullif(t.trffromsql, 0)::regprocedure, nullif(t.trftosql, 0)::regprocedure)
      from pg_transform t join pg_language l on l.oid = t.trflang where ${isOurs('pg_transform', 't.oid')}`,
    conversions: `select format('%I.%I', n.nspname, c.conname) as name, concat_ws(' ', pg_encoding_to_char(c.conforencoding), pg_encoding_to_char(c.contoencoding), c.conproc, c.condefault) as def
      from pg_conversion c join pg_namespace n on n.oid = c.connamespace where ${isUserSchema('n.nspname')} and ${isOurs('pg_conversion', 'c.oid')}`,
    'access-methods': `select format('%I', a.amname) as name, concat_ws(' ', a.amtype, a.amhandler) as def from pg_am a where ${isOurs('pg_am', 'a.oid')}`,
    'text-search': `select format('dictionary %I.%I', n.nspname, d.dictname) as name, concat_ws(E'\\n', d.dicttemplate::regclass is null, t.tmplname, d.dictinitoption) as def
      from pg_ts_dict d join pg_namespace n on n.oid = d.dictnamespace join pg_ts_template t on t.oid = d.dicttemplate where ${isUserSchema('n.nspname')} and ${isOurs('pg_ts_dict', 'd.oid')}
      union all select format('configuration %I.%I', n.nspname, c.cfgname), concat_ws(E'\\n', p.prsname,
        (select string_agg(concat_ws(' ', m.maptokentype, m.mapseqno, m.mapdict::regdictionary), ',' order by m.maptokentype, m.mapseqno) from pg_ts_config_map m where m.mapcfg = c.oid))
      from pg_ts_config c join pg_namespace n on n.oid = c.cfgnamespace join pg_ts_parser p on p.oid = c.cfgparser where ${isUserSchema('n.nspname')} and ${isOurs('pg_ts_config', 'c.oid')}
      union all select format('parser %I.%I', n.nspname, p.prsname), concat_ws(' ', p.prsstart, p.prstoken, p.prsend, p.prsheadline, p.prslextype)
      from pg_ts_parser p join pg_namespace n on n.oid = p.prsnamespace where ${isUserSchema('n.nspname')} and ${isOurs('pg_ts_parser', 'p.oid')}
      union all select format('template %I.%I', n.nspname, t.tmplname), concat_ws(' ', t.tmplinit, t.tmpllexize)
      from pg_ts_template t join pg_namespace n on n.oid = t.tmplnamespace where ${isUserSchema('n.nspname')} and ${isOurs('pg_ts_template', 't.oid')}`,
    triggers: `${withRelations} select format('%s.%I', rel.fullname, t.tgname) as name, concat_ws(E'\\n', pg_get_triggerdef(t.oid), t.tgenabled) as def
      from pg_trigger t join rel on rel.relid = t.tgrelid where not t.tgisinternal`,
    'event-triggers': `select format('%I', t.evtname) as name, concat_ws(' ', t.evtevent, t.evttags, t.evtfoid::regprocedure, t.evtenabled) as def
      from pg_event_trigger t where ${isOurs('pg_event_trigger', 't.oid')}`,
    rules: `${withRelations} select format('%s.%I', rel.fullname, r.rulename) as name, concat_ws(E'\\n', pg_get_ruledef(r.oid), r.ev_enabled) as def
      from pg_rewrite r join rel on rel.relid = r.ev_class where r.rulename <> '_RETURN'`,
    policies: `${withRelations} select format('%s.%I', rel.fullname, p.polname) as name, concat_ws(E'\\n', p.polcmd, p.polpermissive,
        array(select case r when 0 then 'PUBLIC' else pg_get_userbyid(r) end from unnest(p.polroles) r order by 1), pg_get_expr(p.polqual, p.polrelid), '/', pg_get_expr(p.polwithcheck, p.polrelid)) as def,
        array_to_json(array(select pg_get_userbyid(r) from unnest(p.polroles) r where r <> 0)) as roles
      from pg_policy p join rel on rel.relid = p.polrelid`,
    'row-security': `${withRelations} select rel.fullname as name, concat_ws(' ', rel.relrowsecurity, rel.relforcerowsecurity) as def
      from rel where rel.relrowsecurity or rel.relforcerowsecurity`,
    statistics: `${withRelations} select format('%I.%I', n.nspname, s.stxname) as name, concat_ws(E'\\n', pg_get_statisticsobjdef(s.oid), coalesce((to_jsonb(s)->>'stxstattarget')::int, -1)) as def
      from pg_statistic_ext s join rel on rel.relid = s.stxrelid join pg_namespace n on n.oid = s.stxnamespace`,
    inheritance: `${withRelations} select concat(child.fullname, ' under ', parent.fullname) as name, concat_ws(' ', case when not child.relispartition then i.inhseqno end, pg_get_expr(child.relpartbound, child.relid)) as def
      from pg_inherits i join rel child on child.relid = i.inhrelid join rel parent on parent.relid = i.inhparent
      union all select format('%s.%I under %s.%I', child.fullname, child.relname, parent.fullname, parent.relname), ''
      from pg_inherits i join idx child on child.indexrelid = i.inhrelid join idx parent on parent.indexrelid = i.inhparent`,
    comments: `${withRelations} select ${identity('d.classoid', 'd.objoid', 'd.objsubid')} as name, d.description as def
      from (select d.*, ${RELATION_OF} as owner from pg_description d) d
      where d.classoid not in ('pg_extension'::regclass, 'pg_largeobject'::regclass${scope.isSchemaOnly ? '' : `, 0`})
        and (d.objoid >= 16384 or (d.classoid = 'pg_namespace'::regclass and d.objoid = 'public'::regnamespace and d.description <> 'standard public schema'))
        and not exists (select from pg_depend e where e.classid = d.classoid and e.objid = d.objoid and e.deptype = 'e')
        and (d.owner in (select relid from rel)${scope.chosen === null ? ' or d.owner is null' : ''})
        ${scope.chosen === null && !scope.isSchemaOnly ? `union all select ${identity('d.classoid', 'd.objoid')}, d.description from pg_description d where d.classoid = 'pg_largeobject'::regclass` : ''}`,
    owners: `${withRelations}, ${owned(scope)} select ${identity('own.classid', 'own.objid')} as name, pg_get_userbyid(own.owner) as def, json_build_array(pg_get_userbyid(own.owner)) as roles
      from own where not (own.classid = 'pg_namespace'::regclass and own.objid = 'public'::regnamespace and (own.owner = 10 or pg_get_userbyid(own.owner) = 'pg_database_owner'))`,
    grants: `${withRelations}, ${owned(scope)} select ${identity('g.classid', 'g.objid', 'g.subid')} as name, array_to_string(g.words, ',') as def, ${aclRoles('g.acl')} as roles
      from (
        select own.classid, own.objid, 0 as subid, coalesce(own.acl, acldefault(own.kind, own.owner)) as acl,
          ${aclWords('coalesce(own.acl, acldefault(own.kind, own.owner))', 'own.owner')} as words,
          ${aclWords('coalesce(p.initprivs, acldefault(own.kind, own.owner))', 'own.owner')} as usual
        from own left join pg_init_privs p on p.classoid = own.classid and p.objoid = own.objid and p.objsubid = 0 where own.kind is not null
        union all
        select 'pg_class'::regclass, rel.relid, a.attnum, a.attacl, ${aclWords('a.attacl', 'rel.relowner')}, '{}'
        from rel join pg_attribute a on a.attrelid = rel.relid and a.attnum > 0 and not a.attisdropped and a.attacl is not null) g
      where g.words <> g.usual`,
    'default-privileges': `select concat('of ', quote_ident(pg_get_userbyid(d.defaclrole)), ' in ', coalesce(quote_ident(n.nspname), 'every schema'), ' for ', d.defaclobjtype) as name,
        array_to_string(${aclWords('d.defaclacl', 'd.defaclrole')}, ',') as def,
        array_to_json(array(select pg_get_userbyid(d.defaclrole) union select pg_get_userbyid(r) from aclexplode(d.defaclacl) e, unnest(array[e.grantee, e.grantor]) r where r <> 0)) as roles
      from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace`,
    publications: `${withRelations} select format('%I', p.pubname) as name, concat_ws(E'\\n', (to_jsonb(p) - array['oid', 'pubname', 'pubowner'])::text,
        (select string_agg(concat_ws(' ', rel.fullname${
          scope.major < 15
            ? ''
            : `, pg_get_expr(r.prqual, r.prrelid), (select string_agg(quote_ident(a.attname), ',' order by a.attname collate "C")
              from pg_attribute a where a.attrelid = r.prrelid and a.attnum = any(r.prattrs))`
        }), ',' order by rel.fullname collate "C") from pg_publication_rel r join rel on rel.relid = r.prrelid where r.prpubid = p.oid)
        ${
          scope.major < 15
            ? ''
            : `, (select string_agg(quote_ident(n.nspname), ',' order by n.nspname collate "C")
              from pg_publication_namespace pn join pg_namespace n on n.oid = pn.pnnspid where pn.pnpubid = p.oid)`
        }) as def
      from pg_publication p where ${isOurs('pg_publication', 'p.oid')}`,
    // Only a superuser may read them, and pg_dump leaves them out for everybody else.
    subscriptions: `select format('%I', s.subname) as name, concat_ws(' ', s.subslotname, s.subpublications) as def from pg_subscription s
      where s.subdbid = (select d.oid from pg_database d where d.datname = current_database()) and (select r.rolsuper from pg_roles r where r.rolname = current_user)`,
  };
}
