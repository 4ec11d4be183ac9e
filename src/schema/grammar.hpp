// The grammar of docs/spec/vsql.md 2.2, as it stands there.
//
// recognise.cpp reads it; a test compares it with the document.
#pragma once

#include <string_view>

namespace vvm::schema {

inline constexpr std::string_view grammar = R"ebnf(
(* ---- files ---- *)
file            = list<import> list<rootStmt> ;
import          = "IMPORT" "SCHEMA" STRING ( "AS" IDENT )? ;
rootStmt        = template | role | rootEngine | workspace
                | alterWorkspace | application | declare ;

qname           = ( IDENT "." )? IDENT ;

(* ---- root only ---- *)
application  @D = "APPLICATION" IDENT "(" list<use> ")" ;
use          @D = "USE" IDENT ;
declare      @D = "DECLARE" IDENT ( "int" | "int32" ) "DEFAULT" INT ;
template     @D = "TEMPLATE" IDENT "OF" "WORKSPACE" qname "SOURCE" IDENT ;
rootEngine      = EXTENSION_ENGINE engine "(" list<rootEngineStmt> ")" ;
rootEngineStmt  = function | storage ;
engine          = "WASM" | "BUILTIN" ;

(* ---- workspaces ---- *)
workspace    @D = ( "ABSTRACT" | "ALTERABLE" )? ( "POOL" "OF" )? "WORKSPACE" IDENT
                  ( "INHERITS" qname ( "," qname )* )?
                  "(" ( "DESCRIPTOR" descriptor )? list<wsStmt> ")" ;
descriptor   @D = IDENT? "(" items<tableItem> ")" ;
alterWorkspace @D = "ALTER" "WORKSPACE" qname "(" list<wsStmt> ")" ;
wsStmt          = rate | view | useWorkspace | role | tag | wsEngine | workspace
                | table | type | limit | grant | revoke ;
useWorkspace @D = "USE" "WORKSPACE" IDENT ;
tag          @D = "TAG" IDENT ( "FEATURE" STRING )? ;
role         @D = "PUBLISHED"? "ROLE" IDENT ;
wsEngine        = EXTENSION_ENGINE engine "(" list<wsEngineStmt> ")" ;
wsEngineStmt    = function | projector | job | command | query ;

(* ---- types and tables ---- *)
type         @D = "TYPE" IDENT "(" items<tableItem> ")" ;
table        @D = "ABSTRACT"? "TABLE" IDENT ( "INHERITS" qname )?
                  "(" items<tableItem> ")" with? ;
tableItem       = nestedTable | constraint | refField | field | fieldSet ;
nestedTable     = IDENT table ;
constraint   @D = ( "CONSTRAINT" IDENT )? ( uniqueField | unique | check ) ;
uniqueField     = "UNIQUEFIELD" IDENT ;
unique          = "UNIQUE" "(" IDENT ( "," IDENT )* ")" ;
check           = "CHECK" "(" expr ")" ;
refField        = IDENT "ref" ( "(" qname ( "," qname )* ")" )? NOT_NULL? ;
field        @D = IDENT typeRef NOT_NULL? "VERIFIABLE"?
                  ( "DEFAULT" INT )? ( "DEFAULT" STRING )?
                  ( "CHECK" STRING )? ( "CHECK" "(" expr ")" )? ;
fieldSet        = qname ;
typeRef         = dataType | qname ;
dataType        = varcharType | bytesType
                | ( "tinyint" | "int8" )   | ( "smallint" | "int16" )
                | ( "integer" | "int" | "int32" ) | ( "bigint" | "int64" )
                | ( "real" | "float" | "float32" )
                | ( ( "double" "precision" ) | "float64" )
                | "timestamp" | ( "money" | "currency" ) | ( "boolean" | "bool" )
                | ( ( "binary" "large" "object" ) | "blob" )
                | ( ( "qualified" "name" ) | "qname" ) ;
varcharType     = ( ( "character" "varying" ) | "varchar" | "text" ) ( "(" INT ")" )? ;
bytesType       = ( ( "binary" "varying" ) | "varbinary" | "bytes" ) ( "(" INT ")" )? ;
with            = "WITH" withItem ( "," withItem )* ;
withItem        = "Comment" "=" STRING | "Tags" "=" "(" qname ( "," qname )* ")" ;

(* ---- views ---- *)
view         @D = "VIEW" IDENT "(" items<viewItem> ")" "AS" "RESULT" "OF" qname with? ;
viewItem        = PRIMARY_KEY "(" primaryKey ")" | viewRef | viewRecord | viewField ;
primaryKey      = ( "(" IDENT ( "," IDENT )* ")" )? ( ","? IDENT ( "," IDENT )* )? ;
viewRef      @D = IDENT "ref" ( "(" qname ( "," qname )* ")" )? NOT_NULL? ;
viewRecord   @D = IDENT "record" NOT_NULL? ;
viewField    @D = IDENT dataType NOT_NULL? ;

(* ---- extensions ---- *)
projector    @D = "SYNC"? "PROJECTOR" IDENT trigger ( "OR" trigger )*
                  state? intents? ( "INCLUDING" "ERRORS" )? ;
trigger         = "CRON" STRING
                | "AFTER" ( execTrigger | rowAction ( "OR" rowAction )* )
                  "ON" ( "(" qname ( "," qname )* ")" | qname ) ;
execTrigger     = "EXECUTE" ( "WITH" "PARAM" )? ;
rowAction       = "INSERT" | "UPDATE" | "ACTIVATE" | "DEACTIVATE" ;
job          @D = "JOB" IDENT STRING? state? intents? ;
command      @D = "COMMAND" IDENT ( "(" param? ( ","? UNLOGGED param )? ")" )?
                  state? intents? ( "RETURNS" param )? with? ;
query        @D = "QUERY" IDENT ( "(" param? ")" )? state? ( "RETURNS" param )? with? ;
param           = "any" | "void" | qname ;
state           = "STATE" "(" storageRef ( "," storageRef )* ")" ;
intents         = "INTENTS" "(" storageRef ( "," storageRef )* ")" ;
storageRef      = qname ( "(" qname ( "," qname )* ")" )? ;
function     @D = "FUNCTION" IDENT "(" items<funcParam> ")" "RETURNS" typeRef ;
funcParam       = namedParam | typeRef ;
namedParam      = IDENT typeRef ;
storage      @D = "STORAGE" IDENT "(" storageOp ( "," storageOp )* ")"
                  ( "ENTITY" "RECORD" )? ( "ENTITY" "VIEW" )? ;
storageOp       = ( "GET" | "GETBATCH" | "READ" | "INSERT" | "UPDATE" )
                  "SCOPE" "(" storageScope ( "," storageScope )* ")" ;
storageScope    = "COMMANDS" | "QUERIES" | "PROJECTORS" | "JOBS" ;

(* ---- rates and limits ---- *)
rate         @D = "RATE" IDENT rateValue objectScope? subjectScope? ;
rateValue       = ( INT | qname ) "PER" INT? timeUnit ;
timeUnit        = ( "SECOND" | "SECONDS" ) | ( "MINUTE" | "MINUTES" )
                | ( "HOUR" | "HOURS" ) | ( "DAY" | "DAYS" ) | ( "YEAR" | "YEARS" ) ;
objectScope     = ( "PER" "APP" "PARTITION" ) | ( "PER" "WORKSPACE" ) ;
subjectScope    = ( "PER" "SUBJECT" ) | ( "PER" "IP" ) ;
limit        @D = "LIMIT" IDENT ( limitAction ( "," limitAction )* )?
                  ( limitSingle | limitAll | limitEach ) "WITH" "RATE" qname ;
limitAction     = "SELECT" | EXECUTE | "ACTIVATE" | "DEACTIVATE" | "INSERT" | "UPDATE" ;
limitSingle     = ( ON_COMMAND qname ) | ( ON_QUERY qname ) | ( ON_TABLE qname )
                 | ( ON_VIEW qname ) ;
limitAll        = ( ON_ALL_COMMANDS | ON_ALL_QUERIES | ON_ALL_TABLES | ON_ALL_VIEWS )
                  ( WITH_TAG qname )? ;
limitEach       = ( ( "ON" "EACH" "COMMAND" ) | ( "ON" "EACH" "QUERY" )
                  | ( "ON" "EACH" "TABLE" ) | ( "ON" "EACH" "VIEW" ) ) ( WITH_TAG qname )? ;

(* ---- access control ---- *)
grant        @D = "GRANT" grantBody "TO" qname ;
revoke       @D = "REVOKE" grantBody "FROM" qname ;
grantBody   %   = ( EXECUTE ON_COMMAND qname )
                | ( EXECUTE ON_ALL_COMMANDS WITH_TAG qname )
                | ( EXECUTE ON_QUERY qname )
                | ( EXECUTE ON_ALL_QUERIES WITH_TAG qname )
                | ( SELECT ON_ALL_VIEWS WITH_TAG qname )
                | viewGrant
                | tagTablesGrant
                | tableGrant
                | ( EXECUTE ON_ALL_COMMANDS )
                | ( EXECUTE ON_ALL_QUERIES )
                | ( SELECT ON_ALL_VIEWS )
                | allTablesGrant
                | qname ;
viewGrant       = ( ( SELECT ON_VIEW ) | ( SELECT "(" IDENT ( "," IDENT )* ")" ON_VIEW ) ) qname ;
tagTablesGrant  = ( "ALL" | ( plainAction ( "," plainAction )* ) ) ON_ALL_TABLES WITH_TAG qname ;
tableGrant      = ( allColumns | ( columnAction ( "," columnAction )* ) ) ON_TABLE qname ;
allTablesGrant  = ( "ALL" | ( plainAction ( "," plainAction )* ) ) ON_ALL_TABLES ;
plainAction     = "SELECT" | "INSERT" | "UPDATE" | "ACTIVATE" | "DEACTIVATE" ;
allColumns      = "ALL" ( "(" IDENT ( "," IDENT )* ")" )? ;
columnAction    = ( "SELECT" | "INSERT" | "UPDATE" | "ACTIVATE" | "DEACTIVATE" )
                  ( "(" grantColumn ( "," grantColumn )* ")" )? ;
grantColumn     = ( ( "sys" "." "ID" ) | "sys" "." "ParentID" | "sys" "." "IsActive"
                  | "sys" "." "QName" | "sys" "." "Container" )
                | IDENT ;

(* ---- CHECK expressions ---- *)
expr            = andExpr ( "OR" andExpr )* ;
andExpr         = condition ( "AND" condition )* ;
condition       = comparison | "NOT" condition ;
comparison      = operand compareRhs? ;
compareRhs      = compareOp | "IS" isTest | "BETWEEN" between | "IN" "(" inList ")" ;
compareOp       = ( "<>" | "<=" | ">=" | "=" | "<" | ">" | "!=" ) operand ;
isTest          = "NOT"? "NULL" ;
between         = operand "AND" operand ;
inList          = expr ( "," expr )* ;
operand         = factor ( ( "+" | "-" ) factor )? ;
factor          = term ( ( "*" | "/" | "%" ) term )? ;
term            = value | symbol | "(" expr ")" ;
value           = INT | FLOAT | STRING | ( "TRUE" | "FALSE" ) | "NULL" ;
symbol          = qname ( "(" expr ( "," expr )* ")" )? ;
)ebnf";

}  // namespace vvm::schema
