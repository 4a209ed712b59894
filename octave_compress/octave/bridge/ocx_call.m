function outputs = ocx_call(name, args, nout)
  % Calls a function where no function of ours is in scope: there is no other in this file, and
  % what the function does to the variables of its caller ends here.
  if nout == 0
    feval(name, args{:});
    outputs = {};
  else
    outputs = builtin('cell', 1, nout);
    [outputs{:}] = builtin('feval', name, args{:});
  end
end
