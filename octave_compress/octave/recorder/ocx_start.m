% What of the recorder stays when a script clears the functions.
1;

function ocx_at(varargin)
  persistent job
  mlock();
  if builtin('exist', 'ocx_record') ~= 103
    source([getenv('OCX_RECORD_HOME'), '/ocx_record.m']);
    source([getenv('OCX_RECORD_HOME'), '/ocx_stand_ins.m']);
  end
  job = ocx_record(job, varargin{:});
end

function varargout = ocx_tell(told)
  % Keeps a value until it is asked for.
  persistent kept
  mlock();
  if nargin == 1
    kept = told;
  else
    varargout{1} = kept;
  end
end
