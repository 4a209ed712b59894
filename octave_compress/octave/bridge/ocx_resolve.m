function args = ocx_resolve(args, marks, folders)
  % Puts in place what the marks in the arguments stand for.
  %
  % MARKS are the positions of arguments that are marks themselves, or, if some are inside of
  % others, a cell of index structs.
  if builtin('isnumeric', marks)
    for k = marks
      args{k} = meaning(args{k}, folders);
    end
  else
    for k = 1:builtin('numel', marks)
      mark = builtin('subsref', args, marks{k});
      args = builtin('subsasgn', args, marks{k}, meaning(mark, folders));
    end
  end
end

function value = meaning(mark, folders)
  if builtin('isfield', mark, 'ocx_callback_')
    number = mark.ocx_callback_;
    value = @(varargin) ocx_callback(number, folders, varargin{:});
  else
    value = ocx_store('get', mark.ocx_handle_);
  end
end
